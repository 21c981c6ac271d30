import { MqError } from '@rockhopper/message'
import { wait } from '../wait.js'
import type { Consumption, ConsumptionParts } from './consumption.js'
import { callListener, type Outcome } from './listener-call.js'
import type { Held, ProcessQueue } from './process-queue.js'

/** Pause before a message is tried again here because it could not be given back (Apache: 5 s as well). */
const RETRY_HERE_MS = 5_000

/**
 * Many listener calls at once, in no order (Apache: ConsumeMessageConcurrentlyService). A message that
 * fails goes back to the broker; only when that worked, or the message was consumed, may the offset pass
 * it.
 */
export class ConcurrentConsumption implements Consumption {
  readonly #parts: ConsumptionParts
  readonly #running = new Map<ProcessQueue, Set<Promise<void>>>()

  constructor(parts: ConsumptionParts) {
    this.#parts = parts
  }

  submit(processQueue: ProcessQueue, taken: readonly Held[]): void {
    const { batchSizeMax } = this.#parts
    for (let at = 0; at < taken.length; at += batchSizeMax) {
      this.#track(processQueue, this.#consume(processQueue, taken.slice(at, at + batchSizeMax)))
    }
  }

  async quiet(processQueue: ProcessQueue): Promise<void> {
    await Promise.all(this.#running.get(processQueue) ?? [])
  }

  /** Never rejects: each step inside says what its failure means. */
  async #consume(processQueue: ProcessQueue, batch: readonly Held[]): Promise<void> {
    let left = batch
    while (left.length > 0) {
      if (!(await this.#parts.turns.take())) return
      try {
        if (processQueue.leaving) return
        left = await this.#attempt(processQueue, left)
      } finally {
        this.#parts.turns.release()
      }
      if (left.length > 0) await wait(this.#parts.clock, RETRY_HERE_MS, this.#ended(processQueue))
    }
  }

  /** One call. Returns the messages that neither succeeded nor could be given back. */
  async #attempt(processQueue: ProcessQueue, batch: readonly Held[]): Promise<Held[]> {
    const readable = batch.filter((held) => held.problem === undefined)
    const outcome = await this.#call(processQueue, readable)
    // Whoever owns the queue now gets these messages again: giving them back too would double them.
    if (processQueue.dropped) return []
    const { failed: refused, succeeded } = split(readable, outcome)
    const failed = [...refused, ...batch.filter((held) => held.problem !== undefined)]
    const stuck = await this.#giveBack(failed, outcome)
    if (processQueue.dropped) return []
    const ended = [...succeeded, ...failed.filter((held) => !stuck.includes(held))]
    if (ended.length > 0) this.#parts.moveOffset(processQueue, processQueue.finish(ended))
    return stuck
  }

  async #call(processQueue: ProcessQueue, readable: readonly Held[]): Promise<Outcome> {
    if (readable.length === 0) return { kind: 'success', ackIndex: -1 }
    return callListener(this.#parts, processQueue, readable)
  }

  async #giveBack(failed: readonly Held[], outcome: Outcome): Promise<Held[]> {
    const [delayLevel, deadLetterProperties] =
      outcome.kind === 'later' ? [outcome.delayLevel, outcome.deadLetterProperties] : [0, {}]
    const { broadcasting, log, consumerGroup } = this.#parts
    if (failed.length === 0) return []
    if (broadcasting) {
      // There is no retry topic per member: Apache's client drops them with a line in its log as well.
      const ids = failed.map((held) => held.message.messageId)
      log.warn('client.consume.dropped', {
        consumerGroup,
        reason: 'broadcasting has no retry',
        messageIds: ids,
      })
      return []
    }
    const stuck: Held[] = []
    await Promise.all(
      failed.map(async (held) => {
        try {
          await this.#parts.sendBack(held.message, delayLevel, deadLetterProperties)
        } catch (error) {
          if (!(error instanceof MqError)) throw error
          log.warn('client.sendBack.failed', { consumerGroup, messageId: held.message.messageId, error })
          held.message = { ...held.message, reconsumeTimes: held.message.reconsumeTimes + 1 }
          stuck.push(held)
        }
      }),
    )
    return stuck
  }

  #ended(processQueue: ProcessQueue): AbortSignal {
    return AbortSignal.any([processQueue.leavingSignal, this.#parts.shutdown])
  }

  #track(processQueue: ProcessQueue, run: Promise<void>): void {
    const running = this.#running.get(processQueue) ?? new Set()
    this.#running.set(processQueue, running)
    const tracked = run.finally(() => {
      running.delete(tracked)
      if (running.size === 0) this.#running.delete(processQueue)
    })
    running.add(tracked)
  }
}

function split(
  batch: readonly Held[],
  outcome: Outcome,
): { failed: readonly Held[]; succeeded: readonly Held[] } {
  switch (outcome.kind) {
    case 'success': {
      const end = Math.max(0, Math.min(batch.length, outcome.ackIndex + 1))
      return { succeeded: batch.slice(0, end), failed: batch.slice(end) }
    }
    case 'later':
      return { succeeded: [], failed: batch }
  }
}
