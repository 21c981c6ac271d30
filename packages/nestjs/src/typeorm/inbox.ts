import { randomUUID } from 'node:crypto'
import type { Clock } from '@rockhopper/env'
import type { EntityManager } from 'typeorm'
import { isMySQL } from './entities.js'
import { InboxEntry } from './inbox-entry.js'
import { systemClock } from './system-clock.js'

/** `first: false`: this key was dealt with before, and `work` did not run. */
export type InboxOutcome<T> = { readonly first: true; readonly value: T } | { readonly first: false }

/**
 * Makes the effect of a message happen once, however often the message comes: RocketMQ delivers at least
 * once. The key is a business key (an order id), so that a message sent twice under two message ids counts
 * once, too.
 */
export class Inbox {
  readonly #consumer: string
  readonly #clock: Pick<Clock, 'now'>

  /**
   * @param consumer who deals with the keys, 1 to 120 characters; two handlers with different effects differ
   * here.
   */
  constructor(consumer: string, clock: Pick<Clock, 'now'> = systemClock()) {
    this.#consumer = consumer
    this.#clock = clock
  }

  /**
   * Runs `work` unless this key was dealt with. The key is noted in the same transaction: the manager's own
   * if it is in one, else a new one. When `work` rejects, all is rolled back and the key stays free. A second
   * caller with the same key waits for the first one's commit, or takes its turn (SQLite).
   */
  async once<T>(
    manager: EntityManager,
    key: string,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<InboxOutcome<T>> {
    if (manager.queryRunner?.isTransactionActive !== true) {
      return manager.transaction((inside) => this.once(inside, key, work))
    }
    if (!(await this.#claim(manager, key))) return { first: false }
    return { first: true, value: await work(manager) }
  }

  /** Insert-or-ignore tells differently on each database whether it inserted, so the row is read back. */
  async #claim(manager: EntityManager, key: string): Promise<boolean> {
    const token = randomUUID()
    const entry = { consumer: this.#consumer, key, token, createdAt: this.#clock.now() }
    await manager
      .createQueryBuilder()
      .insert()
      .into(InboxEntry)
      .values(entry)
      .orIgnore()
      .updateEntity(false)
      .execute()
    const row = await manager.findOneOrFail(InboxEntry, {
      where: { consumer: this.#consumer, key },
      // A plain read of MariaDB sees the database as it was at the first read of the transaction.
      ...(isMySQL(manager.dataSource.options.type) ? { lock: { mode: 'pessimistic_read' } } : {}),
    })
    return row.token === token
  }
}
