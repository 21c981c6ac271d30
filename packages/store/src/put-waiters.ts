import type { Cancel, Clock } from '@rockhopper/env'
import type { Placed, PutResult, PutStatus, Watermarks } from './message-store.js'

interface Waiter {
  readonly end: number
  settle(result: PutResult): void
}

/** Puts that wait for a watermark, in the order they were placed. */
export class PutWaiters {
  readonly #clock: Clock
  readonly #syncTimeoutMs: number
  readonly #written: Waiter[] = []
  readonly #synced: Waiter[] = []

  constructor(clock: Clock, syncTimeoutMs: number) {
    this.#clock = clock
    this.#syncTimeoutMs = syncTimeoutMs
  }

  /**
   * Resolves when `needs` reached the end of what was placed, when that was lost, or late with
   * FLUSH_DISK_TIMEOUT.
   */
  wait(placed: Placed, needs: 'written' | 'synced'): Promise<PutResult> {
    return new Promise((resolve) => {
      let cancel: Cancel = () => {}
      if (needs === 'synced') {
        const late = {
          ...placed,
          status: 'FLUSH_DISK_TIMEOUT' as const,
          remark: 'the disk did not sync in time',
        }
        cancel = this.#clock.after(this.#syncTimeoutMs, () => resolve(late))
      }
      const settle = (result: PutResult) => {
        cancel()
        resolve(result)
      }
      this.#listOf(needs).push({
        end: placed.end,
        settle: (result) => settle(result.status === 'PUT_OK' ? placed : result),
      })
    })
  }

  advanced({ written, synced }: Watermarks): void {
    this.#release(this.#written, written)
    this.#release(this.#synced, synced)
  }

  /** What was placed behind `from` is gone. */
  lost(from: number, status: Exclude<PutStatus, 'PUT_OK' | 'FLUSH_DISK_TIMEOUT'>, remark: string): void {
    for (const list of [this.#written, this.#synced]) {
      const kept = list.filter(({ end }) => end <= from)
      const gone = list.filter(({ end }) => end > from)
      list.splice(0, list.length, ...kept)
      for (const waiter of gone) waiter.settle({ status, remark })
    }
  }

  #release(list: Waiter[], upTo: number): void {
    let count = 0
    while (count < list.length && (list[count] as Waiter).end <= upTo) count++
    for (const waiter of list.splice(0, count)) waiter.settle(DONE)
  }

  #listOf(needs: 'written' | 'synced'): Waiter[] {
    return needs === 'written' ? this.#written : this.#synced
  }
}

const DONE: Placed = { status: 'PUT_OK', physicalOffset: 0, queueOffset: 0, storeTimestamp: 0, end: 0 }
