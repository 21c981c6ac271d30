import { Inject, Injectable } from '@nestjs/common'
import { DeadLetterException } from '@rockhopper/nestjs'
import { Outbox } from '@rockhopper/nestjs/typeorm'
import {
  delayLevelOf,
  faultPoint,
  itemKey,
  type LostReason,
  type SeckillRequest,
  Topic,
  ticketOf,
} from '@rockhopper/seckill-contracts'
import { DataSource, type EntityManager, MoreThan } from 'typeorm'
import { Announcements } from './announcements.js'
import { ItemRow } from './item-row.js'
import { TicketRow } from './ticket-row.js'
import { PAY_WITHIN_MS } from './worker-settings.js'

/** Where the message of a request stood. */
export interface Place {
  readonly queue: string
  readonly queueOffset: number
}

/** Who gets one. One transaction for each request: ticket, stock, and the messages that tell of it. */
@Injectable()
export class Decisions {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(Announcements) private readonly announcements: Announcements,
  ) {}

  /** @throws DeadLetterException for a ticket that is not this user's. */
  async decide(request: SeckillRequest, place: Place): Promise<string> {
    if (request.ticket !== ticketOf(request.campaignId, request.userId))
      throw new DeadLetterException(`ticket ${request.ticket} does not belong to this user and campaign`)
    return this.database.transaction((manager) => this.#decide(manager, request, place))
  }

  async #decide(manager: EntityManager, request: SeckillRequest, place: Place): Promise<string> {
    const { ticket, campaignId, itemId, userId } = request
    const before = await manager.findOneBy(TicketRow, { ticket })
    if (before !== null) return `answered before: ${before.outcome}`
    const id = itemKey(request)
    const won = await takeOne(manager, id)
    const item = await manager.findOneBy(ItemRow, { id })
    const reason: LostReason | null = won ? null : item === null ? 'no-such-item' : 'sold-out'
    const decidedAt = Date.now()
    const row: TicketRow = {
      ...{ ticket, campaignId, itemId, userId },
      outcome: won ? 'won' : 'lost',
      reason,
      step: 1,
      payBefore: won ? decidedAt + PAY_WITHIN_MS : null,
      decidedAt,
      ...place,
    }
    // The unique key on campaign and user decides where two queues hold requests of one user.
    await manager.insert(TicketRow, row)
    await this.announcements.result(manager, row)
    if (won) await this.#collectLater(manager, ticket)
    if (won && item?.remaining === 0) await this.announcements.item(manager, item)
    faultPoint('worker.before-commit')
    return won ? `won, ${item?.remaining} left` : `lost: ${reason}`
  }

  async #collectLater(manager: EntityManager, ticket: string): Promise<void> {
    await this.outbox.add(manager, {
      pattern: { topic: Topic.UNPAID, tag: 'due' },
      keys: [ticket],
      aggregateId: `${ticket}.due`,
      data: { ticket },
      delayLevel: delayLevelOf(PAY_WITHIN_MS),
    })
  }
}

/** The one statement that may lower the stock: it looks and takes at once. */
async function takeOne(manager: EntityManager, id: string): Promise<boolean> {
  const { affected } = await manager
    .createQueryBuilder()
    .update(ItemRow)
    .set({ remaining: () => 'remaining - 1', version: () => 'version + 1' })
    .where({ id, remaining: MoreThan(0) })
    .execute()
  return affected === 1
}
