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

/**
 * Resolves with `promise`, or when `signal` is aborted, whichever comes first; rejects as `promise` does.
 * Takes its listener off the signal.
 */
export function endedOrAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = () => signal.removeEventListener('abort', end)
    const end = () => {
      forget()
      resolve()
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
    promise.then(end, (error: unknown) => {
      forget()
      reject(error)
    })
  })
}

/**
 * Runs `work` with a signal that is aborted with any of these, which it lets go of when the work has ended.
 * AbortSignal.any would leave a trace at a signal that outlives it, with Node 20 for ever.
 */
export async function withAnyOf<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const any = new AbortController()
  const abort = () => any.abort(signals.find(({ aborted }) => aborted)?.reason)
  for (const signal of signals) signal.addEventListener('abort', abort)
  if (signals.some(({ aborted }) => aborted)) abort()
  try {
    return await work(any.signal)
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort)
  }
}

/** How long a caller waits. */
export interface Patience {
  /** Default: as long as it takes. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * As `promise`, but rejects with MqError REQUEST_TIMEOUT or REQUEST_ABORTED when that comes first; the work
 * itself goes on. Takes its timer back and its listener off the signal, however it ends.
 */
export function inTime<T>(
  clock: Clock,
  promise: Promise<T>,
  what: string,
  { timeoutMs, signal }: Patience,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => {
      cancel?.()
      signal?.removeEventListener('abort', abort)
    }
    const fail = (error: unknown) => {
      end()
      reject(error)
    }
    const abort = () => fail(abortedError(what, signal))
    const expire = () => fail(new MqError('REQUEST_TIMEOUT', what))
    const cancel = timeoutMs === undefined ? undefined : clock.after(timeoutMs, expire)
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort)
    promise.then((value) => {
      end()
      resolve(value)
    }, fail)
  })
}

/** Throws MqError REQUEST_ABORTED when the caller gave up before there was anything to wait for. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw abortedError(what, signal)
}

const abortedError = (what: string, signal: AbortSignal | undefined): MqError =>
  new MqError('REQUEST_ABORTED', what, { cause: signal?.reason })

/** Half to one and a half of `ms`: what many clients do at the same moment they then do at different ones. */
export const jittered = (random: Random, ms: number): number => Math.round(ms * (0.5 + random.float()))
