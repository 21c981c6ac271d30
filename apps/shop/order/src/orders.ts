import { createHash, randomUUID } from 'node:crypto'
import { HttpException, HttpStatus, Inject, Injectable } from '@nestjs/common'
import { Outbox } from '@rockhopper/nestjs/typeorm'
import {
  delayLevelOf,
  formatCents,
  type OrderCreated,
  type OrderItem,
  reportStep,
  type ShopOrder,
  Topic,
} from '@rockhopper/shop-contracts'
import { DataSource, type EntityManager } from 'typeorm'
import { ORDER_COMMIT, type OrderCommit } from './order-commit.js'
import { OrderRow } from './order-row.js'
import { ORDER_SETTINGS, type OrderSettings } from './order-settings.js'
import type { PlaceOrder } from './place-order.js'
import { Quotes } from './quotes.js'

const LIST_MAX = 200

/** Places orders. The answer follows the commit; whether that needs a broker says ORDER_PUBLISH. */
@Injectable()
export class Orders {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(Quotes) private readonly quotes: Quotes,
    @Inject(ORDER_COMMIT) private readonly orderCommit: OrderCommit,
    @Inject(ORDER_SETTINGS) private readonly settings: Pick<OrderSettings, 'paymentTimeoutMs'>,
  ) {}

  /**
   * One key, one order: a repeat gets the order of the first call.
   * @throws HttpException 422 when the key was used for another request; 503 as `OrderCommit` says.
   */
  async place(idempotencyKey: string, request: PlaceOrder): Promise<OrderRow> {
    const requestHash = createHash('sha256').update(JSON.stringify(request)).digest('hex')
    const earlier = await this.#earlier(idempotencyKey, requestHash)
    if (earlier !== undefined) return earlier
    const items = await this.quotes.price(request.items)
    const order = newOrder(idempotencyKey, requestHash, request, items)
    try {
      await this.orderCommit.commit(createdOf(order), (manager) => this.#store(manager, order))
    } catch (error) {
      // The unique key decides between two calls at once; the loser answers with the winner's order.
      const winner = await this.#earlier(idempotencyKey, requestHash)
      if (winner === undefined) throw error
      return winner
    }
    const list = items.map((item) => `${item.quantity} × ${item.name}`).join(', ')
    const words = `order accepted: ${list}, ${formatCents(order.totalCents)} in all`
    reportStep({ service: 'order', what: 'http', orderId: order.id, words })
    return order
  }

  find(id: string): Promise<OrderRow | null> {
    return this.database.getRepository(OrderRow).findOneBy({ id })
  }

  list(limit = 50): Promise<OrderRow[]> {
    const take = Math.min(Math.max(1, limit), LIST_MAX)
    return this.database.getRepository(OrderRow).find({ order: { createdAt: 'DESC' }, take })
  }

  async #earlier(idempotencyKey: string, requestHash: string): Promise<OrderRow | undefined> {
    const found = await this.database.getRepository(OrderRow).findOneBy({ idempotencyKey })
    if (found === null) return undefined
    if (found.requestHash === requestHash) return found
    const text = `Idempotency-Key '${idempotencyKey}' was used for another order; take a new key for it`
    throw new HttpException(text, HttpStatus.UNPROCESSABLE_ENTITY)
  }

  async #store(manager: EntityManager, order: OrderRow): Promise<void> {
    const { id, items } = order
    await manager.insert(OrderRow, order)
    for (const item of items) {
      const data = toShopOrder(order, item)
      await this.outbox.add(manager, { pattern: Topic.SHOP_ORDER, keys: [id], aggregateId: id, data })
    }
    // By the outbox in both ways: a message of a transaction cannot be delayed as well.
    await this.outbox.add(manager, {
      pattern: { topic: Topic.ORDER_TIMEOUT, tag: 'due' },
      keys: [id],
      aggregateId: `${id}.due`,
      data: { orderId: id },
      delayLevel: delayLevelOf(this.settings.paymentTimeoutMs),
    })
  }
}

function createdOf({ id, customer, items, totalCents, createdAt }: OrderRow): OrderCreated {
  return { orderId: id, customer, items, totalCents, createdAt }
}

function newOrder(
  idempotencyKey: string,
  requestHash: string,
  request: PlaceOrder,
  items: OrderItem[],
): OrderRow {
  return {
    id: randomUUID(),
    idempotencyKey,
    requestHash,
    status: 'PENDING',
    inventory: 'WAITING',
    payment: 'WAITING',
    reason: '',
    customer: request.customer,
    items,
    totalCents: items.reduce((sum, item) => sum + item.unitPriceCents * item.quantity, 0),
    createdAt: new Date().toISOString(),
  }
}

function toShopOrder(order: OrderRow, item: OrderItem): ShopOrder {
  return {
    oid: order.id,
    uid: order.customer.id,
    username: order.customer.name,
    pid: item.pid,
    pname: item.name,
    pprice: item.unitPriceCents / 100,
    number: item.quantity,
  }
}
