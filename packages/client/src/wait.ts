import type { Clock, Random } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'

/** Resolves after `delayMs`, or at once when `signal` is or becomes aborted. Never rejects. */
export function wait(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(delayMs, end)
    signal?.addEventListener('abort', end, { once: true })
  })
}

/** Resolves true when `promise` settled either way within `timeoutMs`, else false. */
export async function settledWithin(
  clock: Clock,
  promise: Promise<unknown>,
  timeoutMs: number,
): Promise<boolean> {
  const ended = new AbortController()
  const settled = promise.then(
    () => true,
    () => true,
  )
  const late = wait(clock, Math.max(0, timeoutMs), ended.signal).then(() => false)
  const inTime = await Promise.race([settled, late])
  ended.abort()
  return inTime
}

/** Resolves when `signal` is or becomes aborted. For signals that live about as long as the wait. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/**
 * As `promise`, but rejects with MqError REQUEST_TIMEOUT or REQUEST_ABORTED when that comes first; the work
 * itself goes on.
 */
export function inTime<T>(
  clock: Clock,
  promise: Promise<T>,
  what: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => {
      cancel()
      signal?.removeEventListener('abort', abort)
    }
    const fail = (error: unknown) => {
      end()
      reject(error)
    }
    const abort = () => fail(new MqError('REQUEST_ABORTED', what, { cause: signal?.reason }))
    const cancel = clock.after(timeoutMs, () => fail(new MqError('REQUEST_TIMEOUT', what)))
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort)
    promise.then((value) => {
      end()
      resolve(value)
    }, fail)
  })
}

/**
 * As `promise`, but rejects with MqError REQUEST_ABORTED when the signal comes first; the work itself goes
 * on.
 */
export function unlessAborted<T>(promise: Promise<T>, what: string, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = () => fail(new MqError('REQUEST_ABORTED', what, { cause: signal.reason }))
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', abort)
      reject(error)
    }
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort)
    promise.then((value) => {
      signal.removeEventListener('abort', abort)
      resolve(value)
    }, fail)
  })
}

/** Half to one and a half of `ms`: what many clients do at the same moment they then do at different ones. */
export const jittered = (random: Random, ms: number): number => Math.round(ms * (0.5 + random.float()))
