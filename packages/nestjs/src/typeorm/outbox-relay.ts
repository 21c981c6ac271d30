import { randomUUID } from 'node:crypto'
import { Logger } from '@nestjs/common'
import type { Clock } from '@rockhopper/env'
import type { DataSource, EntitySubscriberInterface } from 'typeorm'
import { RocketMQRecord } from '../record.js'
import { errorText } from '../verdict.js'
import { EVENT_ID, takeAdded } from './outbox.js'
import { OutboxClaims } from './outbox-claims.js'
import type { OutboxEvent } from './outbox-event.js'
import { systemClock } from './system-clock.js'
import { serializeTransactions } from './turns.js'

/** Sends one event and resolves after the broker acknowledged it; `ClientRocketMQ` is one. */
export interface OutboxPublisher {
  publish(
    pattern: { readonly topic: string; readonly tag?: string },
    record: RocketMQRecord,
  ): Promise<{ readonly messageId: string }>
}

/** All times in ms. */
export interface OutboxRelayOptions {
  /** Events sent at once. Default 64. */
  readonly batchSize?: number
  /** How long other relays leave claimed rows alone. Default 30,000; a third of it is the limit of a send. */
  readonly leaseMs?: number
  /** How often the table is looked at without a commit of this process. Default 1,000. */
  readonly pollIntervalMs?: number
  /** First and longest pause after a failed send; it doubles. Default 100 and 5,000. */
  readonly firstBackoffMs?: number
  readonly longestBackoffMs?: number
  /** How long sent rows are kept. Default one day. */
  readonly keepSentMs?: number
  readonly clock?: Clock
}

const PURGE_INTERVAL_MS = 60_000

/**
 * Sends the events of the outbox. At least once: a relay that dies between the broker's acknowledgement and
 * the mark leaves a row that is sent again, so consumers use `Inbox`. Several relays may run on one database.
 */
export class OutboxRelay {
  readonly #dataSource: DataSource
  readonly #publisher: OutboxPublisher
  readonly #claims: OutboxClaims
  readonly #clock: Clock
  readonly #options: Required<Omit<OutboxRelayOptions, 'clock'>>
  readonly #logger = new Logger(OutboxRelay.name)
  readonly #name = randomUUID().slice(0, 18)
  readonly #commits: EntitySubscriberInterface = {
    afterTransactionCommit: ({ queryRunner }) => {
      // A released savepoint is no commit.
      if (!queryRunner.isTransactionActive && takeAdded(queryRunner)) this.wake()
    },
  }
  #running: Promise<void> | undefined
  #stopped = false
  #woken = false
  #endWait: (() => void) | undefined
  #claimCount = 0
  #failuresInRow = 0
  #purgeAt = 0

  constructor(dataSource: DataSource, publisher: OutboxPublisher, options: OutboxRelayOptions = {}) {
    const { clock, ...given } = options
    this.#dataSource = dataSource
    this.#publisher = publisher
    this.#claims = new OutboxClaims(dataSource)
    this.#clock = clock ?? systemClock()
    this.#options = {
      batchSize: 64,
      leaseMs: 30_000,
      pollIntervalMs: 1_000,
      firstBackoffMs: 100,
      longestBackoffMs: 5_000,
      keepSentMs: 86_400_000,
      ...given,
    }
  }

  /**
   * Begins to send. On SQLite it makes transactions of the data source take turns (`serializeTransactions`).
   */
  start(): void {
    if (this.#running !== undefined) return
    serializeTransactions(this.#dataSource)
    this.#dataSource.subscribers.push(this.#commits)
    this.#running = this.#loop()
  }

  /** Resolves when what is being sent is sent and marked, or given back. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#endWait?.()
    const at = this.#dataSource.subscribers.indexOf(this.#commits)
    if (at >= 0) this.#dataSource.subscribers.splice(at, 1)
    await this.#running
  }

  /**
   * Looks at the table now, unless the broker is known to be down; a commit that added events does this
   * itself.
   */
  wake(): void {
    this.#woken = true
    if (this.#failuresInRow === 0) this.#endWait?.()
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      this.#woken = false
      const pauseMs = await this.#pass().catch((error: unknown) => {
        this.#logger.error({ message: 'outbox relay: the database cannot be used', reason: errorText(error) })
        return this.#backoffMs(++this.#failuresInRow)
      })
      const goOn = this.#stopped || (this.#woken && this.#failuresInRow === 0)
      if (pauseMs > 0 && !goOn) await this.#wait(pauseMs)
    }
  }

  /** Sends one batch; returns how long to wait before the next one. */
  async #pass(): Promise<number> {
    const { batchSize, leaseMs, pollIntervalMs } = this.#options
    const now = this.#clock.now()
    await this.#purge(now)
    // While the broker is down one row is enough to find out that it is back.
    const limit = this.#failuresInRow === 0 ? batchSize : 1
    const owner = `${this.#name}:${++this.#claimCount}`
    const rows = await this.#claims.claim(owner, limit, now, leaseMs)
    if (rows.length === 0) return pollIntervalMs
    if (this.#stopped) {
      await this.#claims.release(owner)
      return 0
    }
    // A mark that fails must not let the pass, and with it `stop`, end before the other sends did.
    const ends = await Promise.allSettled(rows.map((row) => this.#send(row)))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    if (ends.some((end) => end.status === 'fulfilled' && end.value)) {
      this.#failuresInRow = 0
      return 0
    }
    return this.#backoffMs(++this.#failuresInRow)
  }

  async #send(row: OutboxEvent): Promise<boolean> {
    let messageId: string
    try {
      const pattern = row.tag === null ? { topic: row.topic } : { topic: row.topic, tag: row.tag }
      ;({ messageId } = await this.#publisher.publish(pattern, recordOf(row, this.#options.leaseMs / 3)))
    } catch (error) {
      const reason = errorText(error)
      this.#logger.warn({
        message: 'outbox relay: event not sent',
        eventId: row.eventId,
        topic: row.topic,
        reason,
      })
      await this.#claims.failed(row, reason, this.#clock.now() + this.#backoffMs(row.attempts + 1))
      return false
    }
    await this.#claims.sent(row.id, messageId, this.#clock.now())
    return true
  }

  async #purge(now: number): Promise<void> {
    if (this.#clock.monotonic() < this.#purgeAt) return
    this.#purgeAt = this.#clock.monotonic() + PURGE_INTERVAL_MS
    await this.#claims.purge(now - this.#options.keepSentMs)
  }

  #backoffMs(failures: number): number {
    const { firstBackoffMs, longestBackoffMs } = this.#options
    return Math.min(firstBackoffMs * 2 ** Math.min(failures - 1, 20), longestBackoffMs)
  }

  async #wait(pauseMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(pauseMs, resolve)
      this.#endWait = () => {
        cancel()
        resolve()
      }
    })
    this.#endWait = undefined
  }
}

function recordOf(row: OutboxEvent, timeoutMs: number): RocketMQRecord {
  // The body is JSON already; bytes go through every codec as they are.
  return new RocketMQRecord(Buffer.from(row.body), {
    timeoutMs,
    properties: { ...row.properties, [EVENT_ID]: row.eventId },
    ...(row.keys === null ? {} : { keys: row.keys }),
    ...(row.aggregateId === null ? {} : { shardingKey: row.aggregateId }),
    ...(row.delayLevel === null ? {} : { delayLevel: row.delayLevel }),
  })
}
