import { Logger } from '@nestjs/common'
import { LitePullConsumer, type MessageQueue, type MessageView } from '@rockhopper/client'
import { type LogLine, linesOf } from '@rockhopper/log-transport'
import {
  faultPoint,
  Group,
  handledTogether,
  pause,
  queueName,
  RecentIds,
  Topic,
} from '@rockhopper/logs-contracts'
import { grouped } from './pane.js'
import type { WindowClosing } from './window-closing.js'
import { OvertakenError, type WindowCounting } from './window-counting.js'

const POLL_MS = 500
const POLL_COUNT = 64
const CLOSE_EVERY_MS = 1_000
const FORGET_EVERY_MS = 60_000
const BACKOFF_MIN_MS = 200
const BACKOFF_MAX_MS = 10_000
/** Lines of a queue in which a repeat is noticed. */
const REPEAT_WINDOW_LINES = 50_000
/** A seek goes through the broker and may be lost with it. After so many, the messages before are gone. */
const SEEKS_MAX = 3
/** Counted messages of a queue that are read again when it is taken over: their ids are known then. */
const PRIMING_MESSAGES = 128

interface Owned {
  /** Offset of the first message that is not counted. */
  next: number
  /** Offset of the message that comes now. */
  position: number
  /** How often another one came, and the queue was sought again. */
  sought: number
  readonly recent: RecentIds
}

/** Polls, counts, commits; and closes windows in between, so that the database has one user at a time. */
export class AnalysisLoop {
  readonly #logger = new Logger('analysis')
  readonly #ending = new AbortController()
  readonly #owned = new Map<string, Owned>()
  #running: Promise<void> = Promise.resolve()
  #closed = 0
  #forgotten = 0
  #down: string | undefined = 'starting'

  constructor(
    private readonly namesrvAddr: string,
    private readonly counting: WindowCounting,
    private readonly closing: WindowClosing,
  ) {}

  /** Why nothing is counted now; undefined while it works. */
  get down(): string | undefined {
    return this.#down
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    const consumer = await this.#until('starting', () => this.#begin())
    if (consumer === undefined) return
    while (!signal.aborted) {
      const messages = await consumer.poll({ timeoutMs: POLL_MS, countMax: POLL_COUNT })
      for (const run of grouped(messages, ({ messageQueue }) => queueName(messageQueue)).values())
        await this.#until('counting', () => this.#take(consumer, run))
      if (signal.aborted) break
      if (messages.length > 0) {
        faultPoint('analytics.after-commit-before-ack')
        await this.#until('committing', () => consumer.commit())
      }
      await this.#until('closing windows', () => this.#close())
    }
    await consumer.shutdown()
  }

  async #begin(): Promise<LitePullConsumer> {
    const consumer = new LitePullConsumer({
      namesrvAddr: this.namesrvAddr,
      consumerGroup: Group.ANALYTICS,
      consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
      autoCommit: false,
      pullThresholdForQueue: 128,
      pullThresholdSizeForQueueMiB: 32,
    })
    consumer.subscribe(Topic.LOG)
    try {
      await consumer.start()
    } catch (error) {
      await consumer.shutdown()
      throw error
    }
    return consumer
  }

  /** Messages of one queue, in its order. What is counted already only tells its ids. */
  async #take(consumer: LitePullConsumer, run: readonly MessageView[]): Promise<void> {
    const [first] = run
    if (first === undefined) return
    const name = queueName(first.messageQueue)
    const owned = this.#owned.get(name)
    if (owned === undefined) return this.#own(consumer, first.messageQueue)
    if (first.queueOffset > owned.position && owned.sought < SEEKS_MAX) {
      owned.sought++
      return consumer.seek(first.messageQueue, owned.position)
    }
    owned.position = (run.at(-1)?.queueOffset ?? 0) + 1
    const seen = run.filter(({ queueOffset }) => queueOffset < owned.next)
    owned.recent.addNewer(owned.recent.unseen(linesIn(seen)))
    const news = run.slice(seen.length)
    if (news.length === 0) return
    const batch = { group: Group.ANALYTICS, messages: news }
    await handledTogether(batch, () => this.#count(consumer, name, owned, news))
  }

  /** How many lines were counted; undefined when another instance has the queue now. */
  async #count(
    consumer: LitePullConsumer,
    name: string,
    owned: Owned,
    news: readonly MessageView[],
  ): Promise<number | undefined> {
    const last = news.at(-1) as MessageView
    const lines = linesIn(news)
    const fresh = owned.recent.unseen(lines)
    const next = last.queueOffset + 1
    try {
      await this.counting.count({
        queue: name,
        expected: owned.next,
        next,
        lines: fresh,
        storedAt: last.storeTimestamp,
        repeated: lines.length - fresh.length,
      })
    } catch (error) {
      if (!(error instanceof OvertakenError)) throw error
      this.#logger.warn(error.message)
      await this.#own(consumer, last.messageQueue)
      return undefined
    }
    owned.next = next
    owned.recent.addNewer(fresh)
    return fresh.length
  }

  /** Takes a queue over where the database says, and somewhat before, to know the newest ids. */
  async #own(consumer: LitePullConsumer, queue: MessageQueue): Promise<void> {
    const name = queueName(queue)
    this.#owned.delete(name)
    // It may have gone to another instance meanwhile: then that one counts it.
    if (!consumer.assignment().some((mine) => queueName(mine) === name && mine.topic === queue.topic)) return
    const next = await this.counting.takeOver(name)
    const position = Math.max(0, next - PRIMING_MESSAGES)
    await consumer.seek(queue, position)
    this.#owned.set(name, { next, position, sought: 0, recent: new RecentIds(REPEAT_WINDOW_LINES) })
  }

  async #close(): Promise<void> {
    const now = performance.now()
    if (now - this.#closed < CLOSE_EVERY_MS) return
    this.#closed = now
    await this.closing.close()
    if (now - this.#forgotten < FORGET_EVERY_MS) return
    this.#forgotten = now
    await this.closing.forget()
  }

  /** Tries until it works; undefined when the loop ends first. */
  async #until<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    for (let pauseMs = BACKOFF_MIN_MS; ; pauseMs = Math.min(2 * pauseMs, BACKOFF_MAX_MS)) {
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

const linesIn = (messages: readonly MessageView[]): LogLine[] =>
  messages.flatMap(({ body }) => linesOf(body).lines)
