/**
 * Header fields of the remoting protocol. A header is a flat map of strings on the wire (remoting.md
 * section 6.1); a field row says what the string means. The TypeScript types, both codecs and the compiled
 * scanners come from rows.
 */
export type FieldType = 'string' | 'i32' | 'i64' | 'i64saturate' | 'bool' | 'double' | 'boundary'

/**
 * Which message a timestamp search returns when several match (Apache: BoundaryType). Anything but UPPER is
 * LOWER.
 */
export type Boundary = 'LOWER' | 'UPPER'

export interface Field<T extends FieldType = FieldType, R extends boolean = boolean> {
  readonly type: T
  /** Java marks these `@CFNotNull`. */
  readonly required: R
  readonly doc: string
  /** Key on the wire where it differs from the row's name: the single letters of send V2. */
  readonly wire?: string
}

export type Fields = Readonly<Record<string, Field>>

/**
 * `i64` is a safe integer and refused outside; `i64saturate` is clamped, for fields where Java sends
 * Long.MAX_VALUE.
 */
export type FieldValue<T extends FieldType> = T extends 'string'
  ? string
  : T extends 'bool'
    ? boolean
    : T extends 'boundary'
      ? Boundary
      : number

type RequiredName<F extends Fields> = { [K in keyof F]: F[K]['required'] extends true ? K : never }[keyof F]

/** The typed form of a header: required fields are there, the others may be undefined. */
export type Header<F extends Fields> = {
  readonly [K in RequiredName<F>]: FieldValue<F[K]['type']>
} & {
  readonly [K in Exclude<keyof F, RequiredName<F>>]?: FieldValue<F[K]['type']> | undefined
}

const field =
  <T extends FieldType, const R extends boolean>(type: T, required: R) =>
  (doc: string): Field<T, R> => ({ type, required, doc })

export const req = {
  string: field('string', true),
  i32: field('i32', true),
  i64: field('i64', true),
  i64saturate: field('i64saturate', true),
  bool: field('bool', true),
  double: field('double', true),
} as const

export const opt = {
  string: field('string', false),
  i32: field('i32', false),
  i64: field('i64', false),
  i64saturate: field('i64saturate', false),
  bool: field('bool', false),
  double: field('double', false),
  boundary: field('boundary', false),
} as const

/** The same fields under other keys on the wire. */
export function onWire<F extends Fields>(fields: F, keys: { readonly [K in keyof F]?: string }): F {
  const renamed: Record<string, Field> = {}
  for (const [name, row] of Object.entries(fields)) {
    const wire = keys[name]
    renamed[name] = wire === undefined ? row : { ...row, wire }
  }
  return renamed as F
}

/** Fields every request may carry beside its own (Apache: RpcRequestHeader, TopicRequestHeader). */
export const COMMON_REQUEST_FIELDS = {
  ns: opt.string('Namespace.'),
  nsd: opt.bool('Names in this header already carry the namespace.'),
  bname: opt.string('Name of the broker the client believes it addresses.'),
  oway: opt.bool('Hint that the request is one-way.'),
  lo: opt.bool('The queue id is a logical one (static topics).'),
} as const

export interface CommandRow<Q extends Fields = Fields, P extends Fields = Fields> {
  readonly code: number
  readonly request: Q
  readonly response: P
  /** Response codes under which every required response field is present. Default: 0 only. */
  readonly headerOn: readonly number[]
}

/** One row of the command table. */
export function command<
  const C extends number,
  const Q extends Fields = Record<never, never>,
  const P extends Fields = Record<never, never>,
>(row: {
  code: C
  request?: Q
  response?: P
  headerOn?: readonly number[]
}): CommandRow<Q, P> & { readonly code: C } {
  return {
    code: row.code,
    request: { ...row.request } as Q,
    response: { ...row.response } as P,
    headerOn: row.headerOn ?? [0],
  }
}
