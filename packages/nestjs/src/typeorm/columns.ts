import type { ColumnOptions } from 'typeorm'

/** Ms since 1970. PostgreSQL gives a bigint as text. */
export const time: ColumnOptions = {
  type: 'bigint',
  transformer: {
    to: (value: unknown) => value,
    from: (value: string | number | null) => (value === null ? null : Number(value)),
  },
}

/** A list or map in a text column. */
export const json: ColumnOptions = {
  type: 'text',
  nullable: true,
  transformer: {
    to: (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value)),
    from: (value: string | null) => (value === null ? null : JSON.parse(value)),
  },
}
