import { Inject, Injectable } from '@nestjs/common'
import { Inbox } from '@rockhopper/nestjs/typeorm'
import { Group, type OrderStep } from '@rockhopper/shop-contracts'
import { DataSource } from 'typeorm'
import { OrderHistoryRow } from './order-history-row.js'

/** What a customer reads about an order, line by line: here order counts, and the queue keeps it. */
@Injectable()
export class OrderHistory {
  readonly #inbox = new Inbox(Group.NOTIFICATION_HISTORY)

  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  async add(what: string, { orderId, reason = '' }: OrderStep): Promise<string> {
    const row = { orderId, what, reason: reason.slice(0, 300), at: new Date().toISOString() }
    const outcome = await this.#inbox.once(this.database.manager, `${what}:${orderId}`, (manager) =>
      manager.insert(OrderHistoryRow, row),
    )
    return outcome.first ? `history: ${what}` : 'in the history already'
  }

  of(orderId: string): Promise<OrderHistoryRow[]> {
    return this.database.getRepository(OrderHistoryRow).find({ where: { orderId }, order: { id: 'ASC' } })
  }
}
