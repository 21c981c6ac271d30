import { Inject, Injectable } from '@nestjs/common'
import { type ItemState, itemKey, type NewCampaign, type SeckillResult } from '@rockhopper/seckill-contracts'
import { DataSource } from 'typeorm'
import { Announcements, resultOf, stateOf } from './announcements.js'
import { ItemRow } from './item-row.js'
import { TicketRow } from './ticket-row.js'

/** What is sold, and what came of it so far. */
@Injectable()
export class Campaigns {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(Announcements) private readonly announcements: Announcements,
  ) {}

  /** Adds the items that are new; those that are there stay as they are. */
  open({ campaignId, items }: NewCampaign): Promise<ItemState[]> {
    return this.database.transaction(async (manager) => {
      for (const { itemId, stock } of items) {
        const id = itemKey({ campaignId, itemId })
        if ((await manager.findOneBy(ItemRow, { id })) !== null) continue
        const row = { id, campaignId, itemId, stock, remaining: stock, released: 0, version: 1 }
        await manager.insert(ItemRow, row)
        await this.announcements.item(manager, row)
      }
      return (await manager.findBy(ItemRow, { campaignId })).map(stateOf)
    })
  }

  async items(campaignId: string): Promise<ItemState[]> {
    const rows = await this.database.getRepository(ItemRow).find({ where: { campaignId } })
    return rows.map(stateOf)
  }

  async ticket(ticket: string): Promise<SeckillResult | null> {
    const row = await this.database.getRepository(TicketRow).findOneBy({ ticket })
    return row === null ? null : resultOf(row)
  }

  /** How many tickets of a campaign ended how. */
  async outcomes(campaignId: string): Promise<Record<string, number>> {
    const counted = await this.database
      .getRepository(TicketRow)
      .createQueryBuilder('ticket')
      .select('ticket.outcome', 'outcome')
      .addSelect('COUNT(*)', 'count')
      .where({ campaignId })
      .groupBy('ticket.outcome')
      .getRawMany<{ outcome: string; count: string | number }>()
    return Object.fromEntries(counted.map(({ outcome, count }) => [outcome, Number(count)]))
  }

  tickets(campaignId: string): Promise<TicketRow[]> {
    return this.database
      .getRepository(TicketRow)
      .find({ where: { campaignId }, order: { queueOffset: 'ASC' } })
  }
}
