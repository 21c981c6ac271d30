import type { MessagePolicy } from './options.js'

/** What becomes of a message after its handler ended. */
export type Verdict =
  | { readonly kind: 'done' }
  /** Without a delay the broker decides: it grows with each attempt, 10 s first. */
  | { readonly kind: 'retry'; readonly delayMs?: number | undefined; readonly reason: string }
  /** `error` is what was thrown, for the properties of the dead letter; `sent`: it is where it belongs. */
  | { readonly kind: 'dead-letter'; readonly reason: string; readonly error?: unknown; readonly sent?: true }
  /** Given up, and nobody wants to keep it. */
  | { readonly kind: 'drop'; readonly reason: string }

export const DONE: Verdict = { kind: 'done' }

/** The broker's default messageDelayLevel, in seconds; level 1 is the first one. */
const DELAY_LEVELS_S = [1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200]

export function verdictOfPolicy(policy: MessagePolicy, reason: string): Verdict {
  switch (policy) {
    case 'ignore':
      return DONE
    case 'dead-letter':
      return { kind: 'dead-letter', reason }
    case 'retry':
      return { kind: 'retry', reason }
  }
}

/**
 * The first level that waits at least this long, the last one for more; 0 (the broker decides) without a
 * wish.
 */
export function delayLevelOf(delayMs: number | undefined): number {
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
