/** One key of the configuration: from it come the type, the parser, the range check and the docs. */
export type ConfigRow =
  | ({ readonly kind: 'text'; readonly fallback: string } & RowNotes)
  | ({ readonly kind: 'flag'; readonly fallback: boolean } & RowNotes)
  | ({
      readonly kind: 'number'
      readonly fallback: number
      readonly min: number
      readonly max: number
    } & RowNotes)
  | ({ readonly kind: 'choice'; readonly fallback: string; readonly choices: readonly string[] } & RowNotes)

interface RowNotes {
  readonly doc: string
  /** May be changed while the broker runs (code 25). */
  readonly live: boolean
}

export type ConfigTable = Readonly<Record<string, ConfigRow>>

/** The object a table describes. */
export type ConfigOf<T extends ConfigTable> = {
  readonly [K in keyof T]: T[K] extends { readonly choices: readonly (infer C)[] }
    ? C
    : Widen<T[K]['fallback']>
}

type Widen<V> = V extends boolean ? boolean : V extends number ? number : string

export const text = (fallback: string, doc: string) => ({ kind: 'text', fallback, doc, live: false }) as const
export const flag = (fallback: boolean, doc: string) =>
  ({ kind: 'flag', fallback, doc, live: false }) as const
export const number = (fallback: number, min: number, max: number, doc: string) =>
  ({ kind: 'number', fallback, min, max, doc, live: false }) as const
export const choice = <const C extends readonly string[]>(choices: C, fallback: C[number], doc: string) =>
  ({ kind: 'choice', choices, fallback, doc, live: false }) as const
export const live = <R extends ConfigRow>(row: R): R => ({ ...row, live: true })

/** The value a text stands for, or why it cannot be used. */
export function parseValue(
  row: ConfigRow,
  text: string,
): { value: string | number | boolean } | { reason: string } {
  switch (row.kind) {
    case 'text':
      return { value: text }
    case 'flag':
      return text === 'true' || text === 'false'
        ? { value: text === 'true' }
        : { reason: 'must be true or false' }
    case 'number':
      return parseNumber(row, text)
    case 'choice':
      return row.choices.includes(text)
        ? { value: text }
        : { reason: `must be one of ${row.choices.join(', ')}` }
  }
}

/** Why a value given in code cannot be used, or undefined. */
export function refuseValue(row: ConfigRow, value: unknown): string | undefined {
  const expected = row.kind === 'flag' ? 'boolean' : row.kind === 'number' ? 'number' : 'string'
  if (typeof value !== expected) return `must be a ${expected}`
  const parsed = parseValue(row, String(value))
  return 'reason' in parsed ? parsed.reason : undefined
}

function parseNumber(row: { readonly min: number; readonly max: number }, text: string) {
  const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= row.min && value <= row.max) return { value }
  return { reason: `must be a number from ${row.min} to ${row.max}` }
}
