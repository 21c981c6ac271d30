import { UsageError } from '../exit-code.js'
import type { AdminOptions } from './admin-command.js'

/** An integer option, if it was given. */
export function integer(options: AdminOptions, name: string, min: number, max: number): number | undefined {
  const text = options[name]
  if (text === undefined) return undefined
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new UsageError(`--${name} is a whole number from ${min} to ${max}, not '${text}'.`)
}

/** A `true` or `false` option, if it was given. */
export function flag(options: AdminOptions, name: string): boolean | undefined {
  const text = options[name]
  if (text === undefined) return undefined
  if (text === 'true' || text === 'false') return text === 'true'
  throw new UsageError(`--${name} is true or false, not '${text}'.`)
}

/** The members that have a value: the others keep their default. */
export function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
