import { Inject, Injectable, type OnModuleInit } from '@nestjs/common'
import { Inbox, Outbox } from '@rockhopper/nestjs/typeorm'
import {
  CATALOGUE,
  Group,
  type OrderCreated,
  type OrderItem,
  type OrderStep,
  type PriceChanged,
  type Quote,
  type QuoteRequest,
  Topic,
} from '@rockhopper/shop-contracts'
import { DataSource, type EntityManager, MoreThanOrEqual } from 'typeorm'
import { ReservationRow, type ReservationStatus } from './reservation-row.js'
import { StockRow } from './stock-row.js'

/**
 * The stock keeper: reserves, rejects, releases. Each effect is one transaction with its inbox and outbox
 * rows.
 */
@Injectable()
export class Stock implements OnModuleInit {
  readonly #orders = new Inbox(Group.INVENTORY_ORDERS)
  readonly #commands = new Inbox(Group.INVENTORY_COMMANDS)

  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  async onModuleInit(): Promise<void> {
    const stock = this.database.getRepository(StockRow)
    if ((await stock.count()) === 0) await stock.insert(CATALOGUE.map((product) => ({ ...product })))
  }

  list(): Promise<StockRow[]> {
    return this.database.getRepository(StockRow).find({ order: { pid: 'ASC' } })
  }

  reservations(): Promise<ReservationRow[]> {
    return this.database.getRepository(ReservationRow).find()
  }

  async quote({ pid }: QuoteRequest): Promise<Quote | null> {
    return this.database.getRepository(StockRow).findOneBy({ pid })
  }

  /** Every instance of the order service hears of it. Null: no such product. */
  changePrice(pid: number, unitPriceCents: number): Promise<StockRow | null> {
    return this.database.transaction(async (manager) => {
      const change = { unitPriceCents, priceVersion: () => '"priceVersion" + 1' }
      await manager.update(StockRow, { pid }, change)
      const row = await manager.findOneBy(StockRow, { pid })
      if (row === null) return null
      const { name, priceVersion } = row
      const data: PriceChanged = { pid, name, unitPriceCents, priceVersion }
      const pattern = { topic: Topic.PRICE, tag: 'changed' }
      await this.outbox.add(manager, { pattern, keys: [`price-${pid}`], aggregateId: `price-${pid}`, data })
      return row
    })
  }

  reserve(order: OrderCreated): Promise<string> {
    return this.#once(this.#orders, order.orderId, (manager) => this.#reserve(manager, order))
  }

  release(step: OrderStep): Promise<string> {
    return this.#once(this.#commands, step.orderId, (manager) => this.#release(manager, step.orderId))
  }

  async #once(inbox: Inbox, key: string, work: (manager: EntityManager) => Promise<string>): Promise<string> {
    const outcome = await this.database.transaction((manager) => inbox.once(manager, key, work))
    return outcome.first ? outcome.value : 'seen before, nothing to do'
  }

  async #reserve(manager: EntityManager, order: OrderCreated): Promise<string> {
    const { orderId } = order
    const before = await manager.findOneBy(ReservationRow, { orderId })
    if (before !== null) return `order is ${before.status.toLowerCase()} already: nothing reserved`
    const short = await takeAll(manager, order.items)
    const status: ReservationStatus = short === undefined ? 'RESERVED' : 'REJECTED'
    await manager.insert(ReservationRow, { orderId, status, items: order.items })
    if (short === undefined) {
      await this.#tell(manager, 'reserved', { orderId })
      return `stock reserved: ${order.items.map((item) => `${item.quantity} × ${item.name}`).join(', ')}`
    }
    const reason = `not enough of ${short.name}`
    await this.#tell(manager, 'rejected', { orderId, reason })
    return `rejected: ${reason}`
  }

  async #release(manager: EntityManager, orderId: string): Promise<string> {
    const reservation = await manager.findOneBy(ReservationRow, { orderId })
    if (reservation === null) {
      await manager.insert(ReservationRow, { orderId, status: 'TOMBSTONE', items: [] })
      return 'release came before the order: noted, nothing will be reserved'
    }
    if (reservation.status !== 'RESERVED') return `nothing reserved (${reservation.status.toLowerCase()})`
    for (const { pid, quantity } of inOrder(reservation.items)) {
      await manager.increment(StockRow, { pid }, 'available', quantity)
    }
    await manager.update(ReservationRow, { orderId }, { status: 'RELEASED' })
    await this.#tell(manager, 'released', { orderId })
    return 'stock given back'
  }

  async #tell(manager: EntityManager, tag: string, data: OrderStep): Promise<void> {
    const { orderId } = data
    const pattern = { topic: Topic.INVENTORY, tag }
    await this.outbox.add(manager, { pattern, keys: [orderId], aggregateId: orderId, data })
  }
}

/** Takes every item or none; returns the first one that is short. */
async function takeAll(manager: EntityManager, items: readonly OrderItem[]): Promise<OrderItem | undefined> {
  const taken: OrderItem[] = []
  for (const item of inOrder(items)) {
    const { pid, quantity } = item
    const result = await manager.decrement(
      StockRow,
      { pid, available: MoreThanOrEqual(quantity) },
      'available',
      quantity,
    )
    if (result.affected === 1) {
      taken.push(item)
      continue
    }
    for (const back of taken) await manager.increment(StockRow, { pid: back.pid }, 'available', back.quantity)
    return item
  }
  return undefined
}

/** By product id, so that two transactions never wait for each other's rows in a circle. */
function inOrder(items: readonly OrderItem[]): OrderItem[] {
  return [...items].sort((a, b) => a.pid - b.pid)
}
