import { Inject, Injectable } from '@nestjs/common'
import { Outbox } from '@rockhopper/nestjs/typeorm'
import { type ItemState, type SeckillResult, Topic } from '@rockhopper/seckill-contracts'
import type { EntityManager } from 'typeorm'
import type { ItemRow } from './item-row.js'
import type { TicketRow } from './ticket-row.js'

/** What the worker tells the others, in the transaction that makes it so. */
@Injectable()
export class Announcements {
  constructor(@Inject(Outbox) private readonly outbox: Outbox) {}

  async result(manager: EntityManager, row: TicketRow): Promise<void> {
    await this.outbox.add(manager, {
      pattern: { topic: Topic.RESULT, tag: row.outcome },
      keys: [row.ticket],
      aggregateId: row.ticket,
      data: resultOf(row),
    })
  }

  /** To every instance of the API: the gate of this item has to know. */
  async item(manager: EntityManager, row: ItemRow): Promise<void> {
    await this.outbox.add(manager, {
      pattern: { topic: Topic.GATE, tag: 'changed' },
      keys: [row.id],
      aggregateId: row.id,
      data: stateOf(row),
    })
  }
}

export function resultOf(row: TicketRow): SeckillResult {
  const { ticket, campaignId, itemId, userId, outcome, step, decidedAt } = row
  return {
    ...{ ticket, campaignId, itemId, userId, outcome, step, decidedAt },
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.payBefore === null ? {} : { payBefore: row.payBefore }),
  }
}

export function stateOf({ campaignId, itemId, stock, remaining, released, version }: ItemRow): ItemState {
  return { campaignId, itemId, stock, remaining, released, version }
}
