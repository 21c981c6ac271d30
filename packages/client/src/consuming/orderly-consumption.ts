import { MqError } from '@rockhopper/message'
import { wait } from '../wait.js'
import type { Consumption, ConsumptionParts } from './consumption.js'
import { callListener, type Outcome } from './listener-call.js'
import type { Held, ProcessQueue } from './process-queue.js'

export interface OrderlyParts extends ConsumptionParts {
  /** Attempts after the first one before a message is dead-lettered; Infinity for no end. */
  readonly maxReconsumeTimes: number
  /** Whether this member holds the queue's lock at the broker and may rely on it now. */
  readonly holdsLock: (processQueue: ProcessQueue) => boolean
  /**
   * The lock is gone: another member may have moved on from here. The queue must be dropped and, when the
   * lock can be had again, taken anew from the offset that is committed then.
   */
  readonly lockLost: (processQueue: ProcessQueue) => void
}

/**
 * One listener call per queue at a time, in queue order (Apache: ConsumeMessageOrderlyService). A failure
 * keeps the message at the head: the queue waits and tries again. Without the lock nothing is called and no
 * offset moves.
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
   * Runs while the queue holds messages. It leaves the table in the step that sees the queue empty, so that
   * the next `submit` finds either a worker that will look again, or none and starts one.
   */
  async #work(processQueue: ProcessQueue): Promise<void> {
    await Promise.resolve() // `submit` has entered this worker into the table before it can leave it.
    const ended = AbortSignal.any([processQueue.leavingSignal, this.#parts.shutdown])
    try {
      while (!ended.aborted && processQueue.count > 0) {
        const pauseMs = await this.#turn(processQueue)
        if (pauseMs === undefined) return
        if (pauseMs > 0) await wait(this.#parts.clock, pauseMs, ended)
      }
    } finally {
      this.#workers.delete(processQueue)
    }
  }

  #locked(processQueue: ProcessQueue): boolean {
    if (this.#parts.broadcasting || this.#parts.holdsLock(processQueue)) return true
    this.#parts.lockLost(processQueue)
    return false
  }

  /** One listener call. Returns the pause before the next one, or undefined when there will be none. */
  async #turn(processQueue: ProcessQueue): Promise<number | undefined> {
    const { turns, batchSizeMax } = this.#parts
    if (!(await turns.take())) return undefined
    try {
      if (processQueue.leaving || !this.#locked(processQueue)) return undefined
      const batch = processQueue.first(batchSizeMax)
      const [first] = batch
      if (first?.problem !== undefined) return await this.#deadLetter(processQueue, first)
      const readable = batch.slice(0, firstProblem(batch))
      const outcome = await callListener(this.#parts, processQueue, readable)
      // Without the lock another member may be at work on these messages already: this result counts for
      // nothing.
      if (processQueue.dropped || !this.#locked(processQueue)) return undefined
      if (outcome.kind === 'success') {
        this.#parts.moveOffset(processQueue, processQueue.finish(readable))
        return 0
      }
      return await this.#failed(processQueue, readable, outcome)
    } finally {
      turns.release()
    }
  }

  /**
   * A body that cannot be read here will not become readable: in place of blocking the queue for ever it is
   * set aside.
   */
  #deadLetter(processQueue: ProcessQueue, held: Held): Promise<number> {
    const { consumerGroup, log, suspendCurrentQueueTimeMs } = this.#parts
    log.warn('client.message.unreadable', {
      consumerGroup,
      messageId: held.message.messageId,
      error: held.problem,
    })
    return this.#failed(processQueue, [held], {
      delayLevel: -1,
      suspendMs: suspendCurrentQueueTimeMs,
      deadLetterProperties: {},
    })
  }

  /** Dead-letters what is at its limit, counts the attempt of the rest. Returns the pause. */
  async #failed(processQueue: ProcessQueue, batch: readonly Held[], later: Later): Promise<number> {
    const ended: Held[] = []
    for (const held of batch) {
      if (await this.#setAside(held, later)) ended.push(held)
      else held.message = { ...held.message, reconsumeTimes: held.message.reconsumeTimes + 1 }
    }
    if (ended.length > 0 && !processQueue.dropped && this.#locked(processQueue)) {
      this.#parts.moveOffset(processQueue, processQueue.finish(ended))
    }
    return ended.length === batch.length ? 0 : later.suspendMs
  }

  /** True when the queue may go on without the message. */
  async #setAside({ message }: Held, { delayLevel, deadLetterProperties }: Later): Promise<boolean> {
    const { maxReconsumeTimes, sendBack, log, consumerGroup, broadcasting } = this.#parts
    if (delayLevel >= 0 && message.reconsumeTimes < maxReconsumeTimes) return false
    // A broadcasting group has no dead-letter topic per member (Apache drops the message as well).
    if (broadcasting) return true
    try {
      await sendBack(message, -1, deadLetterProperties)
      return true
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      log.warn('client.deadLetter.failed', { consumerGroup, messageId: message.messageId, error })
      return false
    }
  }
}

/** What a listener said about the next attempt; below 0 there is none. */
type Later = Pick<Outcome & { kind: 'later' }, 'delayLevel' | 'suspendMs' | 'deadLetterProperties'>

function firstProblem(batch: readonly Held[]): number {
  const at = batch.findIndex((held) => held.problem !== undefined)
  return at < 0 ? batch.length : at
}
