import { Inject, Injectable } from '@nestjs/common'
import { formatCents, type OrderCreated, type OrderStep } from '@rockhopper/shop-contracts'
import { DataSource, type EntityManager } from 'typeorm'
import { Notices } from './notices.js'
import { OrderNewsRow } from './order-news-row.js'

type News = Partial<Omit<OrderNewsRow, 'orderId'>>

/**
 * Joins what is said about an order, in whatever order it comes: the order itself says who wants to know, the
 * other two what there is to know. The customer is told of each once.
 */
@Injectable()
export class OrderNews {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(Notices) private readonly notices: Notices,
  ) {}

  created({ orderId, customer, totalCents }: OrderCreated): Promise<string> {
    const { name, email, phone } = customer
    return this.#learn(orderId, { created: true, name, email, phone, totalCents })
  }

  confirmed(orderId: string): Promise<string> {
    return this.#learn(orderId, { confirmed: true })
  }

  cancelled({ orderId, reason = '' }: OrderStep): Promise<string> {
    return this.#learn(orderId, { cancelled: true, reason: reason.slice(0, 300) })
  }

  async #learn(orderId: string, news: News): Promise<string> {
    const known = await this.database.transaction((manager) => this.#join(manager, orderId, news))
    if (!known.created) return 'noted; who is to be told is not known yet'
    if (!known.confirmed && !known.cancelled) return 'noted; the customer is told when it is decided'
    const count = await this.notices.flush(orderId)
    return count > 0 ? `customer told, ${count} notices` : 'customer was told before'
  }

  async #join(manager: EntityManager, orderId: string, news: News): Promise<OrderNewsRow> {
    await manager.createQueryBuilder().insert().into(OrderNewsRow).values({ orderId }).orIgnore().execute()
    await manager.update(OrderNewsRow, { orderId }, news)
    // Read behind the update: in PostgreSQL its row lock makes the later of two transactions see both parts.
    const known = await manager.findOneByOrFail(OrderNewsRow, { orderId })
    if (!known.created) return known
    const { name, email, phone, reason, totalCents } = known
    const notice = { about: orderId, email, phone }
    if (known.confirmed) {
      await this.notices.write(manager, {
        ...notice,
        kind: 'confirmed',
        subject: `Your order ${orderId} is confirmed`,
        text: `Dear ${name}, your order over ${formatCents(totalCents)} is paid and reserved for you.`,
      })
    }
    if (known.cancelled) {
      await this.notices.write(manager, {
        ...notice,
        kind: 'cancelled',
        subject: `Your order ${orderId} is cancelled`,
        text: `Dear ${name}, your order is cancelled (${reason}). What was charged comes back to you.`,
      })
    }
    return known
  }
}
