import type { QueueRow } from './window-rows.js'

export interface WindowTimes {
  /** Length of a tumbling window. */
  readonly windowMs: number
  /** Length of a sliding window; a multiple of `windowMs`, which is its step. */
  readonly slidingMs: number
  /** How much later than its successors an event may come before its window closes. */
  readonly disorderMs: number
  /** How long after the close of a window an event still corrects it. */
  readonly latenessMs: number
  /** A queue that brought nothing for so long does not hold up the windows. */
  readonly idleMs: number
  /** How long windows are kept. */
  readonly keptMs: number
}

export const startOf = (at: number, windowMs: number): number => Math.floor(at / windowMs) * windowMs

/** No event of this queue is expected to be older. */
export const queueWatermark = (latestAt: number, { disorderMs }: WindowTimes): number => latestAt - disorderMs

/**
 * Whether an event is too late for its window and for a correction. By its own queue only, in the queue's
 * order: whoever counts the queue again, after whatever crash, decides the same.
 */
export function isTooLate(at: number, latestAt: number, times: WindowTimes): boolean {
  return startOf(at, times.windowMs) + times.windowMs + times.latenessMs <= queueWatermark(latestAt, times)
}

/**
 * Windows that end here or before may close: every queue that is not idle is past it. When all are idle,
 * nothing more is expected for now, and the latest event counts.
 */
export function watermarkOf(
  queues: readonly Pick<QueueRow, 'latestAt' | 'countedAt'>[],
  now: { readonly at: number; readonly startedAt: number },
  times: WindowTimes,
): number {
  if (queues.length === 0) return Number.NEGATIVE_INFINITY
  // After a start everybody has the time to show that it is not idle.
  const active = queues.filter(({ countedAt }) => now.at - Math.max(countedAt, now.startedAt) < times.idleMs)
  if (active.length === 0) return Math.max(...queues.map(({ latestAt }) => latestAt)) + times.windowMs
  return Math.min(...active.map(({ latestAt }) => queueWatermark(latestAt, times)))
}
