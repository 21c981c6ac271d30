import { Inject, Injectable } from '@nestjs/common'
import { Inbox, Outbox } from '@rockhopper/nestjs/typeorm'
import { delayLevelOf, Group, type OrderStep, Topic } from '@rockhopper/shop-contracts'
import { DataSource, type EntityManager, type FindOptionsWhere, In, LessThanOrEqual } from 'typeorm'
import { OrderRow, type OrderStatus } from './order-row.js'
import { ORDER_SETTINGS, type OrderSettings } from './order-settings.js'

/** What stock keeper and cashier can answer. */
export type Answer = 'reserved' | 'rejected' | 'taken' | 'refused'

const COLUMNS: Readonly<Record<Answer, Partial<Pick<OrderRow, 'inventory' | 'payment'>>>> = {
  reserved: { inventory: 'RESERVED' },
  rejected: { inventory: 'REJECTED' },
  taken: { payment: 'TAKEN' },
  refused: { payment: 'REFUSED' },
}

/**
 * The one place that decides about an order. The decision is a conditional update: only one of many
 * concurrent or repeated answers finds the row PENDING.
 */
@Injectable()
export class Saga {
  readonly #inbox = new Inbox(Group.ORDER_SAGA)

  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(ORDER_SETTINGS) private readonly settings: Pick<OrderSettings, 'paymentTimeoutMs'>,
  ) {}

  /** Effects, decision and what follows from it in one transaction. Returns in words what happened. */
  async take(answer: Answer, step: OrderStep): Promise<string> {
    const outcome = await this.database.transaction((manager) =>
      this.#inbox.once(manager, `${answer}:${step.orderId}`, () => this.#apply(manager, answer, step)),
    )
    return outcome.first ? outcome.value : 'seen before, nothing to do'
  }

  /** The customer changed their mind: also what was confirmed and paid is taken back. */
  cancel(orderId: string): Promise<string> {
    return this.database.transaction(async (manager) => {
      const reason = 'cancelled by the customer'
      if (
        !(await decide(manager, { id: orderId, status: In(['PENDING', 'CONFIRMED']) }, 'CANCELLED', reason))
      )
        return 'nothing to cancel'
      return this.#cancelled(manager, orderId, reason)
    })
  }

  /** Called when the time to pay may be over. Levels of brokers differ: what comes early is put off again. */
  unpaid(orderId: string): Promise<string> {
    return this.database.transaction(async (manager) => {
      const { paymentTimeoutMs } = this.settings
      const reason = `not paid within ${paymentTimeoutMs / 1_000} s`
      const waiting = { id: orderId, status: 'PENDING', payment: 'WAITING' } as const
      const before = LessThanOrEqual(new Date(Date.now() - paymentTimeoutMs).toISOString())
      if (await decide(manager, { ...waiting, createdAt: before }, 'CANCELLED', reason))
        return this.#cancelled(manager, orderId, reason)
      const order = await manager.findOneBy(OrderRow, waiting)
      if (order === null) return 'paid in time, or decided otherwise'
      const restMs = Math.max(1, Date.parse(order.createdAt) + paymentTimeoutMs - Date.now())
      await this.outbox.add(manager, {
        pattern: { topic: Topic.ORDER_TIMEOUT, tag: 'due' },
        keys: [orderId],
        aggregateId: `${orderId}.due`,
        data: { orderId },
        delayLevel: delayLevelOf(restMs),
      })
      return `${Math.ceil(restMs / 1_000)} s left to pay`
    })
  }

  async #apply(manager: EntityManager, answer: Answer, step: OrderStep): Promise<string> {
    const updated = await manager.update(OrderRow, { id: step.orderId }, COLUMNS[answer])
    if (updated.affected === 0) return 'no such order here, ignored'
    const order = await manager.findOneByOrFail(OrderRow, { id: step.orderId })
    if (answer === 'rejected' || answer === 'refused') return this.#refuse(manager, order, answer, step)
    if (order.status === 'CANCELLED') return this.#compensate(manager, order, answer)
    if (order.inventory !== 'RESERVED' || order.payment !== 'TAKEN')
      return `${answer}; waiting for the other answer`
    if (!(await decide(manager, { id: order.id, status: 'PENDING' }, 'CONFIRMED', '')))
      return `${answer}, already ${order.status}`
    await this.#tell(manager, Topic.ORDER, 'confirmed', { orderId: order.id })
    return 'stock reserved and payment taken: order confirmed'
  }

  async #refuse(manager: EntityManager, order: OrderRow, answer: Answer, step: OrderStep): Promise<string> {
    const reason = step.reason ?? answer
    if (!(await decide(manager, { id: order.id, status: 'PENDING' }, 'CANCELLED', reason)))
      return `${answer}, already ${order.status}`
    return this.#cancelled(manager, order.id, reason)
  }

  async #cancelled(manager: EntityManager, orderId: string, reason: string): Promise<string> {
    await this.#tell(manager, Topic.ORDER, 'cancelled', { orderId, reason })
    // Both get a command, whatever they did so far: who did nothing yet must not do it later.
    await this.#tell(manager, Topic.INVENTORY_COMMAND, 'release', { orderId, reason })
    await this.#tell(manager, Topic.PAYMENT_COMMAND, 'refund', { orderId, reason })
    return `order cancelled: ${reason}`
  }

  /** An effect that came after the cancellation is taken back. */
  async #compensate(manager: EntityManager, order: OrderRow, answer: Answer): Promise<string> {
    const reason = 'order was cancelled before'
    if (answer === 'taken')
      await this.#tell(manager, Topic.PAYMENT_COMMAND, 'refund', { orderId: order.id, reason })
    else await this.#tell(manager, Topic.INVENTORY_COMMAND, 'release', { orderId: order.id, reason })
    return answer === 'taken' ? 'already cancelled: refund asked for' : 'already cancelled: release asked for'
  }

  async #tell(manager: EntityManager, topic: string, tag: string, data: OrderStep): Promise<void> {
    const { orderId } = data
    await this.outbox.add(manager, { pattern: { topic, tag }, keys: [orderId], aggregateId: orderId, data })
  }
}

/** True for the one caller that found the order as wanted, and moved it. */
async function decide(
  manager: EntityManager,
  wanted: FindOptionsWhere<OrderRow>,
  status: OrderStatus,
  reason: string,
): Promise<boolean> {
  const result = await manager.update(OrderRow, wanted, { status, reason: reason.slice(0, 300) })
  return result.affected === 1
}
