import { Inject, Injectable } from '@nestjs/common'
import { formatCents, type OrderCreated } from '@rockhopper/shop-contracts'
import { DataSource, type EntityManager } from 'typeorm'
import { Notices } from './notices.js'
import { OrderNewsRow } from './order-news-row.js'

type News = Partial<Omit<OrderNewsRow, 'orderId'>>

/**
 * Joins what is said about an order, in whatever order it comes. The customer is told once all three are
 * known: the order itself, that its stock is reserved, and that it is paid.
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

  reserved(orderId: string): Promise<string> {
    return this.#learn(orderId, { reserved: true })
  }

  taken(orderId: string): Promise<string> {
    return this.#learn(orderId, { taken: true })
  }

  async #learn(orderId: string, news: News): Promise<string> {
    const complete = await this.database.transaction((manager) => this.#join(manager, orderId, news))
    if (complete === undefined) return 'noted; the customer is told once stock and payment are both there'
    const count = await this.notices.flush(orderId)
    return count > 0 ? `customer told, ${count} notices` : 'customer was told before'
  }

  async #join(manager: EntityManager, orderId: string, news: News): Promise<OrderNewsRow | undefined> {
    await manager.createQueryBuilder().insert().into(OrderNewsRow).values({ orderId }).orIgnore().execute()
    await manager.update(OrderNewsRow, { orderId }, news)
    // Read behind the update: in PostgreSQL its row lock makes the later of two transactions see both parts.
    const known = await manager.findOneByOrFail(OrderNewsRow, { orderId })
    if (!known.created || !known.reserved || !known.taken) return undefined
    const amount = formatCents(known.totalCents)
    await this.notices.write(manager, {
      about: orderId,
      kind: 'confirmed',
      email: known.email,
      phone: known.phone,
      subject: `Your order ${orderId} is confirmed`,
      text: `Dear ${known.name}, your order over ${amount} is paid and reserved for you.`,
    })
    return known
  }
}
