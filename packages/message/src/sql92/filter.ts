import { evaluate, FAILED } from './evaluate.js'
import type { Expression } from './expression.js'
import { NumberTexts } from './number-texts.js'
import { parseSql92, type Sql92Limits } from './parse.js'
import { Sql92Fault } from './tokens.js'

/** Characters (UTF-16 units) of an expression. Apache has no such limit; in your process one is needed. */
export const SQL92_LENGTH_MAX = 1024
const LIMITS: Sql92Limits = { depthMax: 32, termsMax: 128 }

/** Gives a property of the message at hand, undefined when it has none of this name. */
export type PropertyLookup = (name: string) => string | undefined

/** True, false, null for unknown, or `failed` where Java throws. Only true delivers. */
export type Sql92Answer = boolean | null | 'failed'

export interface Sql92Filter {
  readonly expression: string
  /** The properties it reads. */
  readonly names: readonly string[]
  /** Never throws. Asks for each property once at most. */
  answer(lookup: PropertyLookup): Sql92Answer
  /** Whether a message with these properties is delivered. */
  matches(lookup: PropertyLookup): boolean
}

export type Sql92Result =
  | { readonly ok: true; readonly filter: Sql92Filter }
  | {
      readonly ok: false
      /** With the position in it. */
      readonly reason: string
      /** Index of the character where it went wrong, from 0. */
      readonly position: number
    }

/**
 * Compiles an SQL92 expression over properties as Apache's filter module does (remoting.md section 32); for
 * at most 1,024 characters, 128 terms and 32 levels.
 */
export function compileSql92(expression: string): Sql92Result {
  if (expression.length > SQL92_LENGTH_MAX) {
    const reason = `longer than ${SQL92_LENGTH_MAX} characters`
    return refused(new Sql92Fault(reason, SQL92_LENGTH_MAX))
  }
  try {
    const { expression: root, names } = parseSql92(expression, LIMITS)
    return { ok: true, filter: filterOf(expression, root, names) }
  } catch (error) {
    if (error instanceof Sql92Fault) return refused(error)
    throw error
  }
}

function refused({ message, position }: Sql92Fault): Sql92Result {
  return { ok: false, reason: `${message} at position ${position}`, position }
}

function filterOf(expression: string, root: Expression, names: readonly string[]): Sql92Filter {
  const answer = (lookup: PropertyLookup): Sql92Answer => {
    const known: (string | null | undefined)[] = []
    const valueAt = (index: number): string | null => {
      const value = known[index]
      if (value !== undefined) return value
      const found = lookup(names[index] as string) ?? null
      known[index] = found
      return found
    }
    const outcome = evaluate(root, { valueAt, numbers: new NumberTexts() })
    // The root is a condition: it has no other values.
    return outcome === FAILED ? 'failed' : (outcome as boolean | null)
  }
  return { expression, names, answer, matches: (lookup) => answer(lookup) === true }
}
