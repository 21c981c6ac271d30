import { DeadLetterException, IgnoreMessageException, RetryLaterException } from './exceptions.js'
import { DONE, errorText, type Verdict } from './verdict.js'

/** An error class, or its name. Sub-classes count as well. */
export type ErrorName = string | (new (...args: never[]) => unknown)

/** What becomes of messages whose handler failed. Delays are rounded up to the broker's levels. */
export interface RetryPolicy {
  /** Deliveries in all, the first one included, before the message is dead-lettered. */
  readonly attempts?: number
  /** Wait before the next delivery: the same each time, or by attempt (the last one repeats). */
  readonly delayMs?: number | readonly number[]
  /** By name of the error's class; goes before `delayMs`. */
  readonly delayMsByError?: Readonly<Record<string, number>>
  /** Errors that no retry helps: dead-lettered at once. */
  readonly deadLetter?: readonly ErrorName[]
  /** Errors after which the message is done. */
  readonly ignore?: readonly ErrorName[]
}

/** What an error means: `retry` by the policy, never again, or done. */
export type ErrorKind = 'transient' | 'permanent' | 'ignore'

/** Says what an error means; undefined leaves it to the rest of the policy. */
export type ClassifyError = (error: unknown) => ErrorKind | { readonly retryAfterMs: number } | undefined

const KIND = Symbol.for('rockhopper.nestjs.errorKind')

const mark =
  (kind: ErrorKind) =>
  (target: object): void => {
    Object.defineProperty(target, KIND, { value: kind })
  }

/** Class decorator for errors that pass with time: retried by the policy. */
export const TransientError = (): ClassDecorator => mark('transient')
/** Class decorator for errors that no retry helps: the message is dead-lettered at once. */
export const PermanentError = (): ClassDecorator => mark('permanent')
/** Class decorator for errors after which the message is done. */
export const IgnoredError = (): ClassDecorator => mark('ignore')

export interface FailedAttempt {
  /** What the handler's filters left; Nest flattens most errors to `{ status, message }`. */
  readonly reported: unknown
  /** What was thrown, where it could be kept. */
  readonly original: unknown
  /** 1 for the first delivery. */
  readonly attempt: number
  /** Deliveries in all. */
  readonly attemptsMax: number
  readonly policy: RetryPolicy
  readonly classify: ClassifyError | undefined
}

/**
 * What a failure means. In this order: our exceptions; the application's `classifyError`; the lists of the
 * handler's policy; the mark on the error's class; else it is retried until the attempts are used up.
 */
export function verdictOfFailure(failed: FailedAttempt): Verdict {
  const { reported, original, policy, classify } = failed
  const error = original ?? reported
  const reason = errorText(error)
  if (reported instanceof IgnoreMessageException) return DONE
  if (reported instanceof DeadLetterException) return { kind: 'dead-letter', reason: reported.reason, error }
  if (reported instanceof RetryLaterException) return retry(failed, reported.delayMs, reported.message)
  const said = classify?.(error)
  if (typeof said === 'object') return retry(failed, said.retryAfterMs, reason)
  switch (said ?? kindOf(error, policy)) {
    case 'ignore':
      return DONE
    case 'permanent':
      return { kind: 'dead-letter', reason, error }
    case 'transient':
    case undefined:
      return retry(failed, delayOf(failed, error), reason)
  }
}

/** The names of an error's classes, most special first; `name` covers errors of other realms. */
export function errorNames(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return []
  const names = new Set<string>()
  for (let at: unknown = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
    const name = (at as { constructor?: { name?: unknown } }).constructor?.name
    if (typeof name === 'string' && name !== 'Object') names.add(name)
  }
  if ('name' in error && typeof error.name === 'string') names.add(error.name)
  return [...names]
}

export const errorName = (given: ErrorName): string => (typeof given === 'string' ? given : given.name)

export const RETRY_WANT =
  '{ attempts from 1, delayMs: number or list, delayMsByError, deadLetter, ignore: lists of error classes }'

/** Whether a value is a RetryPolicy, without unknown fields. */
export function retryPolicyFits(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { attempts, delayMs, delayMsByError, deadLetter, ignore, ...rest } = value as Record<string, unknown>
  const delay = (one: unknown) => typeof one === 'number' && one >= 0
  const names = (list: unknown) =>
    list === undefined ||
    (Array.isArray(list) && list.every((one) => typeof one === 'string' || typeof one === 'function'))
  return (
    Object.keys(rest).length === 0 &&
    (attempts === undefined || (Number.isInteger(attempts) && (attempts as number) >= 1)) &&
    (delayMs === undefined || delay(delayMs) || (isFilled(delayMs) && delayMs.every(delay))) &&
    (delayMsByError === undefined || isRecord(delayMsByError, delay)) &&
    names(deadLetter) &&
    names(ignore)
  )
}

const isRecord = (value: unknown, fits: (one: unknown) => boolean): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every(fits)
const isFilled = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length > 0

function retry(
  { attempt, attemptsMax, original, reported }: FailedAttempt,
  delayMs: number | undefined,
  reason: string,
): Verdict {
  if (attempt < attemptsMax) return { kind: 'retry', delayMs, reason }
  return { kind: 'dead-letter', reason, error: original ?? reported }
}

function kindOf(error: unknown, policy: RetryPolicy): ErrorKind | undefined {
  const names = errorNames(error)
  const among = (list: readonly ErrorName[] | undefined) =>
    list?.some((one) => names.includes(errorName(one))) === true
  if (among(policy.ignore)) return 'ignore'
  if (among(policy.deadLetter)) return 'permanent'
  if (typeof error !== 'object' || error === null) return undefined
  // Static members are inherited, so a mark holds for sub-classes.
  return (error.constructor as { [KIND]?: ErrorKind } | undefined)?.[KIND]
}

function delayOf({ policy, attempt }: FailedAttempt, error: unknown): number | undefined {
  const byError = policy.delayMsByError ?? {}
  const name = errorNames(error).find((one) => Object.hasOwn(byError, one))
  if (name !== undefined) return byError[name]
  const { delayMs } = policy
  if (delayMs === undefined || typeof delayMs === 'number') return delayMs
  return delayMs[Math.min(attempt, delayMs.length) - 1]
}
