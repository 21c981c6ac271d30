import type { DataSource, SelectQueryBuilder } from 'typeorm'
import { OutboxEvent } from './outbox-event.js'
import { outsideTransactions } from './turns.js'

/**
 * The relay's side of the table. Every change is one conditional UPDATE, so two relays on one database agree
 * without a lock: a row belongs to the one whose UPDATE hit it, until its lease is over.
 */
export class OutboxClaims {
  readonly #dataSource: DataSource

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource
  }

  /**
   * Takes up to `limit` rows that are due, oldest first, and only the oldest unsent one of each aggregate: so
   * order holds even when a send fails, and the rows of one claim may be sent at once. `owner` is used for
   * one claim only.
   */
  claim(owner: string, limit: number, now: number, leaseMs: number): Promise<OutboxEvent[]> {
    return outsideTransactions(this.#dataSource, async () => {
      const { manager } = this.#dataSource
      const due = await this.#due(manager.createQueryBuilder(OutboxEvent, 'event').select('event.id'), now)
        .orderBy('event.id')
        .limit(limit)
        .getMany()
      if (due.length === 0) return []
      const ids = due.map((row) => row.id)
      await manager
        .createQueryBuilder()
        .update(OutboxEvent)
        .set({ leaseOwner: owner, leaseUntil: now + leaseMs })
        .where('id IN (:...ids) AND sentAt IS NULL AND (leaseUntil IS NULL OR leaseUntil < :now)', {
          ids,
          now,
        })
        .execute()
      return manager
        .createQueryBuilder(OutboxEvent, 'event')
        .where('event.leaseOwner = :owner', { owner })
        .orderBy('event.id')
        .getMany()
    })
  }

  /** After the broker's acknowledgement, whoever holds the lease by now. */
  async sent(id: number, messageId: string, now: number): Promise<void> {
    await this.#set(id, { sentAt: now, messageId, leaseOwner: null, leaseUntil: null, lastError: null })
  }

  /** Gives a row back, not to be tried before `nextAttemptAt`; nothing happens when the lease was lost. */
  async failed(row: OutboxEvent, error: string, nextAttemptAt: number): Promise<void> {
    const change = {
      attempts: row.attempts + 1,
      lastError: error,
      nextAttemptAt,
      leaseOwner: null,
      leaseUntil: null,
    }
    await this.#set(row.id, change, row.leaseOwner)
  }

  /** Gives rows back that were not tried. */
  async release(owner: string): Promise<void> {
    await outsideTransactions(this.#dataSource, async () => {
      await this.#dataSource.manager.update(
        OutboxEvent,
        { leaseOwner: owner },
        { leaseOwner: null, leaseUntil: null },
      )
    })
  }

  /** Removes rows that were sent before `time`. */
  async purge(time: number): Promise<void> {
    await outsideTransactions(this.#dataSource, async () => {
      const query = this.#dataSource.manager.createQueryBuilder().delete().from(OutboxEvent)
      await query.where('sentAt IS NOT NULL AND sentAt < :time', { time }).execute()
    })
  }

  #due(query: SelectQueryBuilder<OutboxEvent>, now: number): SelectQueryBuilder<OutboxEvent> {
    const earlier = query
      .subQuery()
      .select('1')
      .from(OutboxEvent, 'earlier')
      .where('earlier.aggregateId = event.aggregateId AND earlier.sentAt IS NULL AND earlier.id < event.id')
    return query
      .where('event.sentAt IS NULL AND event.nextAttemptAt <= :now', { now })
      .andWhere('(event.leaseUntil IS NULL OR event.leaseUntil < :now)')
      .andWhere(`NOT EXISTS ${earlier.getQuery()}`)
  }

  #set(id: number, change: Partial<OutboxEvent>, owner?: string | null): Promise<void> {
    return outsideTransactions(this.#dataSource, async () => {
      await this.#dataSource.manager.update(
        OutboxEvent,
        owner == null ? { id } : { id, leaseOwner: owner },
        change,
      )
    })
  }
}
