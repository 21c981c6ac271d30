import { Inject, Injectable } from '@nestjs/common'
import { Outbox } from '@rockhopper/nestjs/typeorm'
import { delayLevelOf, itemKey, type SeckillResult, Topic } from '@rockhopper/seckill-contracts'
import { DataSource, type EntityManager } from 'typeorm'
import { Announcements, resultOf } from './announcements.js'
import { ItemRow } from './item-row.js'
import { TicketRow } from './ticket-row.js'

/** What becomes of a win: it is paid in time, or given back. The ticket's row decides which, once. */
@Injectable()
export class Wins {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(Announcements) private readonly announcements: Announcements,
  ) {}

  /** The ticket as it is after that: a win becomes paid, everything else stays. Null: no such ticket. */
  pay(ticket: string): Promise<SeckillResult | null> {
    return this.database.transaction(async (manager) => {
      const row = await manager.findOneBy(TicketRow, { ticket })
      if (row === null) return null
      const inTime = row.payBefore !== null && Date.now() < row.payBefore
      if (inTime && (await this.#move(manager, row, 'paid'))) await this.announcements.result(manager, row)
      return resultOf(row)
    })
  }

  /** Called when a win's time may be over. */
  collect(ticket: string): Promise<string> {
    return this.database.transaction(async (manager) => {
      const row = await manager.findOneBy(TicketRow, { ticket })
      if (row?.outcome !== 'won' || row.payBefore === null) return 'nothing to give back'
      const restMs = row.payBefore - Date.now()
      if (restMs > 0) return this.#later(manager, ticket, restMs)
      if (!(await this.#move(manager, row, 'released'))) return 'paid at the last moment'
      const id = itemKey(row)
      await manager
        .createQueryBuilder()
        .update(ItemRow)
        .set({
          remaining: () => 'remaining + 1',
          released: () => 'released + 1',
          version: () => 'version + 1',
        })
        .where({ id })
        .execute()
      await this.announcements.result(manager, row)
      await this.announcements.item(manager, await manager.findOneByOrFail(ItemRow, { id }))
      return 'not paid: given back'
    })
  }

  /** Only one of payment and release finds the win still a win. */
  async #move(manager: EntityManager, row: TicketRow, outcome: 'paid' | 'released'): Promise<boolean> {
    const decidedAt = Date.now()
    const change = { outcome, step: 2, decidedAt }
    const { affected } = await manager.update(TicketRow, { ticket: row.ticket, outcome: 'won' }, change)
    if (affected !== 1) return false
    Object.assign(row, change)
    return true
  }

  async #later(manager: EntityManager, ticket: string, restMs: number): Promise<string> {
    await this.outbox.add(manager, {
      pattern: { topic: Topic.UNPAID, tag: 'due' },
      keys: [ticket],
      aggregateId: `${ticket}.due`,
      data: { ticket },
      delayLevel: delayLevelOf(restMs),
    })
    return `${restMs} ms left to pay`
  }
}
