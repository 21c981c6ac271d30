import { Logger } from '@nestjs/common'
import { LitePullConsumer, type MessageQueue, type MessageView } from '@rockhopper/client'
import { handledTogether, pause, queueName, Topic } from '@rockhopper/logs-contracts'
import type { LineSink } from './sink.js'

export interface SinkLoopOptions {
  readonly namesrvAddr: string
  /**
   * This instance writes every queue whose place in the sorted list leaves `index` when divided by
   * `count`.
   */
  readonly share: { readonly index: number; readonly count: number }
  /** Messages in one round of a queue, at most. */
  readonly messagesMax: number
  /** How long a round waits for more messages after its first one. */
  readonly lingerMs: number
}

export interface SinkState {
  readonly sink: string
  readonly address: string
  readonly stored: number
  readonly repeated: number
  readonly refused: number
  /** The reason why the sink takes nothing now; absent while it works. */
  readonly down?: string
  readonly queues: readonly { readonly queue: string; readonly nextOffset: number }[]
}

const START_RETRY_MS = 1_000
const BACKOFF_MIN_MS = 200
const BACKOFF_MAX_MS = 10_000
const POLL_COUNT = 32
const POLL_MS = 1_000
const TIDY_MS = 60_000

/**
 * Brings the lines of a share of the queues into one sink: poll, store, commit. While the sink is down it
 * holds what it has and asks for no more, so the lines wait at the broker: nothing is sent back, nothing
 * runs out of attempts.
 */
export class SinkLoop {
  readonly #sink: LineSink
  readonly #options: SinkLoopOptions
  readonly #logger: Logger
  readonly #ending = new AbortController()
  readonly #next = new Map<string, number>()
  #consumer: LitePullConsumer | undefined
  #running: Promise<void> = Promise.resolve()
  #stored = 0
  #repeated = 0
  #refused = 0
  #down: string | undefined = 'starting'
  #tidied = performance.now()

  constructor(sink: LineSink, options: SinkLoopOptions) {
    this.#sink = sink
    this.#options = options
    this.#logger = new Logger(`sink ${sink.name}`)
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#running
    await this.#consumer?.shutdown()
    await this.#sink.close()
  }

  state(): SinkState {
    const { name, address } = this.#sink
    const counts = { stored: this.#stored, repeated: this.#repeated, refused: this.#refused }
    const queues = [...this.#next].map(([queue, nextOffset]) => ({ queue, nextOffset })).sort(byName)
    return {
      sink: name,
      address,
      ...counts,
      queues,
      ...(this.#down === undefined ? {} : { down: this.#down }),
    }
  }

  async #run(): Promise<void> {
    const consumer = await this.#until('starting', START_RETRY_MS, () => this.#begin())
    while (consumer !== undefined && !this.#ending.signal.aborted) {
      const messages = await this.#round(consumer)
      for (const [queue, run] of byQueue(messages)) await this.#store(consumer, queue, run)
      if (this.#ending.signal.aborted) return
      if (messages.length > 0) await this.#until('committing', BACKOFF_MIN_MS, () => consumer.commit())
      await this.#tidy()
    }
  }

  /** A consumer at the offsets from which the sink has nothing yet. */
  async #begin(): Promise<LitePullConsumer> {
    await this.#sink.prepare()
    const consumer = new LitePullConsumer({
      namesrvAddr: this.#options.namesrvAddr,
      consumerGroup: this.#sink.consumerGroup,
      consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
      autoCommit: false,
      pullBatchSize: POLL_COUNT,
      // Batches are large: these many of a queue wait here at most.
      pullThresholdForQueue: 128,
      pullThresholdSizeForQueueMiB: 32,
    })
    try {
      await consumer.start()
      const { index, count } = this.#options.share
      const all = await consumer.messageQueues(Topic.LOG)
      const mine = all.filter((_, at) => at % count === index)
      const found = new Map<MessageQueue, number>()
      for (const queue of mine) {
        const next = await this.#sink.nextOffset(queue)
        if (next !== undefined) found.set(queue, next)
      }
      consumer.assign(mine)
      await consumer.ready()
      for (const [queue, next] of found) {
        this.#next.set(queueName(queue), next)
        await consumer.seek(queue, next)
      }
    } catch (error) {
      await consumer.shutdown()
      throw error
    }
    this.#consumer = consumer
    return consumer
  }

  /** Messages until there are enough, or none came for a while. */
  async #round(consumer: LitePullConsumer): Promise<MessageView[]> {
    const { signal } = this.#ending
    const messages = await consumer.poll({ timeoutMs: POLL_MS, countMax: POLL_COUNT })
    if (messages.length === 0) return messages
    const until = performance.now() + this.#options.lingerMs
    while (messages.length < this.#options.messagesMax && !signal.aborted) {
      const leftMs = until - performance.now()
      if (leftMs <= 0) break
      // Short ones, between which a stop is seen.
      const timeoutMs = Math.min(leftMs, POLL_MS)
      messages.push(...(await consumer.poll({ timeoutMs, countMax: POLL_COUNT })))
    }
    return messages
  }

  async #store(consumer: LitePullConsumer, queue: MessageQueue, run: readonly MessageView[]): Promise<void> {
    const told = {
      stored: (lines: number) => {
        this.#stored += lines
      },
      repeated: (lines: number) => {
        this.#repeated += lines
      },
      refused: (lines: number) => {
        this.#refused += lines
      },
    }
    const last = (run.at(-1)?.queueOffset ?? -1) + 1
    const batch = { group: this.#sink.consumerGroup, messages: run }
    const next = await handledTogether(batch, () =>
      this.#until('storing', BACKOFF_MIN_MS, () => this.#sink.store(queue, run, told)),
    )
    if (next === undefined) return
    this.#next.set(queueName(queue), next)
    if (next !== last) await this.#until('seeking', BACKOFF_MIN_MS, () => consumer.seek(queue, next))
  }

  async #tidy(): Promise<void> {
    if (performance.now() - this.#tidied < TIDY_MS) return
    this.#tidied = performance.now()
    try {
      await this.#sink.tidy()
    } catch (error) {
      // The next time will do.
      this.#logger.warn(`tidying: ${String(error)}`)
    }
  }

  /** Tries until it works; undefined when the loop ends first. */
  async #until<T>(what: string, firstMs: number, work: () => Promise<T>): Promise<T | undefined> {
    for (let pauseMs = firstMs; ; pauseMs = Math.min(2 * pauseMs, BACKOFF_MAX_MS)) {
      if (this.#ending.signal.aborted) return undefined
      try {
        const done = await work()
        this.#down = undefined
        return done
      } catch (error) {
        this.#down = `${what}: ${String(error)}`
        this.#logger.warn(`${this.#down}; again in ${pauseMs} ms`)
        await pause(pauseMs, this.#ending.signal)
      }
    }
  }
}

function byQueue(messages: readonly MessageView[]): Map<MessageQueue, MessageView[]> {
  const runs = new Map<string, [MessageQueue, MessageView[]]>()
  for (const message of messages) {
    const run = runs.get(queueName(message.messageQueue))
    if (run === undefined) runs.set(queueName(message.messageQueue), [message.messageQueue, [message]])
    else run[1].push(message)
  }
  return new Map(runs.values())
}

const byName = (a: { queue: string }, b: { queue: string }): number => (a.queue < b.queue ? -1 : 1)
