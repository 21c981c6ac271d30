import { MqError } from '@rockhopper/message'
import { wait } from '../wait.js'
import type { Consumption, ConsumptionParts } from './consumption.js'
import { callListener, type Outcome } from './listener-call.js'
import type { Held, ProcessQueue } from './process-queue.js'

/** Pause before a message is tried again here because it could not be given back (Apache: 5 s as well). */
const RETRY_HERE_MS = 5_000

/** Messages of one queue that wait for their turn. */
interface Waiting {
  readonly processQueue: ProcessQueue
  readonly taken: readonly Held[]
  /** Those before it had their turn. */
  at: number
}

/** What is not over of one queue: entries that wait, calls, and pauses before another attempt. */
interface Open {
  count: number
  readonly quiet: (() => void)[]
}

/**
 * Many listener calls at once, in no order (Apache: ConsumeMessageConcurrentlyService). A message that
 * fails goes back to the broker; only when that worked, or the message was consumed, may the offset pass
 * it. A message that waits for its turn is just an element of a list: what more is made for it is made for
 * thousands, and copied by each collection until its turn comes.
 */
export class ConcurrentConsumption implements Consumption {
  readonly #parts: ConsumptionParts
  readonly #open = new Map<ProcessQueue, Open>()
  #waiting: Waiting[] = []
  #workers = 0

  constructor(parts: ConsumptionParts) {
    this.#parts = parts
  }

  submit(processQueue: ProcessQueue, taken: readonly Held[]): void {
    if (taken.length === 0) return
    this.#begin(processQueue)
    this.#waiting.push({ processQueue, taken, at: 0 })
    const { batchSizeMax, turns } = this.#parts
    const wanted = Math.min(turns.max, this.#workers + Math.ceil(taken.length / batchSizeMax))
    while (this.#workers < wanted) {
      this.#workers++
      void this.#work()
    }
  }

  quiet(processQueue: ProcessQueue): Promise<void> {
    if (processQueue.leaving) this.#dropWaiting(processQueue)
    const open = this.#open.get(processQueue)
    return open === undefined ? Promise.resolve() : new Promise((resolve) => open.quiet.push(resolve))
  }

  /** Takes a turn and keeps it while there is work. Never rejects: each step says what its failure means. */
  async #work(): Promise<void> {
    const { turns } = this.#parts
    while (this.#waiting.length > 0 && (await turns.take())) {
      try {
        while (turns.isOpen) {
          const [waiting] = this.#waiting
          if (waiting === undefined) break
          await this.#attempt(waiting.processQueue, this.#take(waiting))
        }
      } finally {
        turns.release()
      }
    }
    this.#workers--
  }

  /** The next batch of the entry that waited longest; the entry stands for its last one. */
  #take(waiting: Waiting): readonly Held[] {
    const { processQueue, taken, at } = waiting
    const { batchSizeMax } = this.#parts
    const batch = taken.length <= batchSizeMax ? taken : taken.slice(at, at + batchSizeMax)
    waiting.at += batch.length
    if (waiting.at >= taken.length) this.#waiting.shift()
    else this.#begin(processQueue)
    return batch
  }

  async #attempt(processQueue: ProcessQueue, batch: readonly Held[]): Promise<void> {
    try {
      if (processQueue.leaving) return
      const readable = batch.filter((held) => held.problem === undefined)
      const outcome =
        readable.length === 0 ? NOT_CALLED : await callListener(this.#parts, processQueue, readable)
      const isWhole = readable.length === batch.length
      const isDone = isWhole && outcome.kind === 'success' && outcome.ackIndex >= batch.length - 1
      if (!isDone) await this.#partly(processQueue, batch, readable, outcome)
      else if (!processQueue.dropped) this.#parts.moveOffset(processQueue, processQueue.finish(batch))
    } finally {
      this.#end(processQueue)
    }
  }

  /** Some of the batch failed: it goes back to the broker, or is tried here again when it cannot. */
  async #partly(
    processQueue: ProcessQueue,
    batch: readonly Held[],
    readable: readonly Held[],
    outcome: Outcome,
  ): Promise<void> {
    // Whoever owns the queue now gets these messages again: giving them back too would double them.
    if (processQueue.dropped) return
    const { failed: refused, succeeded } = split(readable, outcome)
    const failed = [...refused, ...batch.filter((held) => held.problem !== undefined)]
    const stuck = await this.#giveBack(failed, outcome)
    if (processQueue.dropped) return
    const ended = [...succeeded, ...failed.filter((held) => !stuck.includes(held))]
    if (ended.length > 0) this.#parts.moveOffset(processQueue, processQueue.finish(ended))
    if (stuck.length > 0) this.#tryAgain(processQueue, stuck)
  }

  /** After a pause, in which nobody keeps a turn for it. */
  #tryAgain(processQueue: ProcessQueue, stuck: readonly Held[]): void {
    this.#begin(processQueue)
    const { clock, shutdown } = this.#parts
    const ended = AbortSignal.any([processQueue.leavingSignal, shutdown])
    void wait(clock, RETRY_HERE_MS, ended).then(() => {
      if (!processQueue.leaving) this.submit(processQueue, stuck)
      this.#end(processQueue)
    })
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

  #begin(processQueue: ProcessQueue): void {
    const open = this.#open.get(processQueue)
    if (open === undefined) this.#open.set(processQueue, { count: 1, quiet: [] })
    else open.count++
  }

  #end(processQueue: ProcessQueue): void {
    const open = this.#open.get(processQueue)
    if (open === undefined || --open.count > 0) return
    this.#open.delete(processQueue)
    for (const resolve of open.quiet) resolve()
  }

  #dropWaiting(processQueue: ProcessQueue): void {
    const dropped = this.#waiting.filter((one) => one.processQueue === processQueue)
    this.#waiting = this.#waiting.filter((one) => one.processQueue !== processQueue)
    for (const _ of dropped) this.#end(processQueue)
  }
}

const NOT_CALLED: Outcome = { kind: 'success', ackIndex: -1 }

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
