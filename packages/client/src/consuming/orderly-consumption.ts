import { wait } from '../wait.js'
import type { Consumption, ConsumptionParts } from './consumption.js'
import { callListener } from './listener-call.js'
import type { Held, ProcessQueue } from './process-queue.js'

/** Pause before the lock is asked for again (Apache: tryLockLaterAndReconsume, 3 s). */
const RELOCK_MS = 3_000

export interface OrderlyParts extends ConsumptionParts {
  /** Attempts after the first one before a message is dead-lettered; Infinity for no end. */
  readonly maxReconsumeTimes: number
  /** Whether this member holds the queue's lock at the broker and may rely on it now. */
  readonly holdsLock: (processQueue: ProcessQueue) => boolean
  readonly lock: (processQueue: ProcessQueue) => Promise<boolean>
}

/**
 * One listener call per queue at a time, in queue order (Apache: ConsumeMessageOrderlyService). A failure keeps the
 * message at the head: the queue waits and tries again. Without the lock nothing is called and no offset moves.
 */
export class OrderlyConsumption implements Consumption {
  readonly #parts: OrderlyParts
  readonly #workers = new Map<ProcessQueue, Promise<void>>()

  constructor(parts: OrderlyParts) {
    this.#parts = parts
  }

  submit(processQueue: ProcessQueue): void {
    if (this.#workers.has(processQueue)) return
    this.#workers.set(processQueue, this.#work(processQueue))
  }

  async quiet(processQueue: ProcessQueue): Promise<void> {
    await this.#workers.get(processQueue)
  }

  /**
   * Runs while the queue holds messages. It leaves the table in the step that sees the queue empty, so that the next
   * `submit` finds either a worker that will look again, or none and starts one.
   */
  async #work(processQueue: ProcessQueue): Promise<void> {
    await Promise.resolve() // `submit` has entered this worker into the table before it can leave it.
    const ended = AbortSignal.any([processQueue.signal, this.#parts.shutdown])
    try {
      while (!ended.aborted && processQueue.count > 0) {
        const pauseMs = (await this.#locked(processQueue)) ? await this.#turn(processQueue) : RELOCK_MS
        if (pauseMs === undefined) return
        if (pauseMs > 0) await wait(this.#parts.clock, pauseMs, ended)
      }
    } finally {
      this.#workers.delete(processQueue)
    }
  }

  async #locked(processQueue: ProcessQueue): Promise<boolean> {
    const { broadcasting, holdsLock, lock } = this.#parts
    return broadcasting || holdsLock(processQueue) || (await lock(processQueue))
  }

  /** One listener call. Returns the pause before the next one, or undefined when there will be none. */
  async #turn(processQueue: ProcessQueue): Promise<number | undefined> {
    const { turns, batchSizeMax } = this.#parts
    if (!(await turns.take())) return undefined
    try {
      if (processQueue.dropped) return undefined
      const batch = processQueue.first(batchSizeMax)
      if (!(await this.#locked(processQueue))) return 0
      const outcome = await callListener(this.#parts, processQueue, batch)
      // Without the lock another member may be at work on these messages already: this result counts for nothing.
      if (processQueue.dropped || !(this.#parts.broadcasting || this.#parts.holdsLock(processQueue))) return 0
      if (outcome.kind === 'success') {
        this.#parts.moveOffset(processQueue, processQueue.finish(batch))
        return 0
      }
      return await this.#failed(processQueue, batch, outcome.suspendMs)
    } finally {
      turns.release()
    }
  }

  /** Dead-letters what is at its limit, counts the attempt of the rest. */
  async #failed(processQueue: ProcessQueue, batch: readonly Held[], suspendMs: number): Promise<number> {
    const { maxReconsumeTimes, sendBack, log, consumerGroup, holdsLock, broadcasting } = this.#parts
    const ended: Held[] = []
    for (const held of batch) {
      if (held.message.reconsumeTimes >= maxReconsumeTimes && !broadcasting) {
        try {
          await sendBack(held.message, -1)
          ended.push(held)
          continue
        } catch (error) {
          log.warn('client.deadLetter.failed', { consumerGroup, messageId: held.message.messageId, error })
        }
      }
      held.message = { ...held.message, reconsumeTimes: held.message.reconsumeTimes + 1 }
    }
    if (ended.length > 0 && !processQueue.dropped && holdsLock(processQueue)) {
      this.#parts.moveOffset(processQueue, processQueue.finish(ended))
    }
    return ended.length === batch.length ? 0 : suspendMs
  }
}
