import { DeadLetterException, IgnoreMessageException, RetryLaterException } from './exceptions.js'
import type { MessagePolicy } from './options.js'

/** What becomes of a message after its handler ended. */
export type Verdict =
  | { readonly kind: 'done' }
  /** Level 0: the broker decides; 1 to 18: that delay level. */
  | { readonly kind: 'retry'; readonly delayLevel: number; readonly reason: string }
  | { readonly kind: 'dead-letter'; readonly reason: string }

export const DONE: Verdict = { kind: 'done' }

/** The broker's default messageDelayLevel, in seconds; level 1 is the first one. */
const DELAY_LEVELS_S = [1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200]

/** What an error of a handler means: retry, unless it is one of our exceptions that say otherwise. */
export function verdictOf(error: unknown): Verdict {
  if (error instanceof IgnoreMessageException) return DONE
  if (error instanceof DeadLetterException) return { kind: 'dead-letter', reason: error.reason }
  const delayLevel = error instanceof RetryLaterException ? delayLevelOf(error.delayMs) : 0
  return { kind: 'retry', delayLevel, reason: errorText(error) }
}

export function verdictOfPolicy(policy: MessagePolicy, reason: string): Verdict {
  switch (policy) {
    case 'ignore':
      return DONE
    case 'dead-letter':
      return { kind: 'dead-letter', reason }
    case 'retry':
      return { kind: 'retry', delayLevel: 0, reason }
  }
}

/**
 * The first level that waits at least this long, the last one for more; 0 (the broker decides) without a
 * wish.
 */
function delayLevelOf(delayMs: number | undefined): number {
  if (delayMs === undefined) return 0
  const index = DELAY_LEVELS_S.findIndex((seconds) => seconds * 1000 >= delayMs)
  return index < 0 ? DELAY_LEVELS_S.length : index + 1
}

/** Nest hands a strategy plain objects as well as errors. */
export function errorText(error: unknown): string {
  if (typeof error === 'string') return error
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return String(error)
}
