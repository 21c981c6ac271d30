import { Inject, Injectable } from '@nestjs/common'
import { Inbox, Outbox } from '@rockhopper/nestjs/typeorm'
import { Group, type OrderStep, Topic } from '@rockhopper/shop-contracts'
import { DataSource, type EntityManager } from 'typeorm'
import { OrderRow, type OrderStatus } from './order-row.js'

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
  ) {}

  /** Effects, decision and what follows from it in one transaction. Returns in words what happened. */
  async take(answer: Answer, step: OrderStep): Promise<string> {
    const outcome = await this.database.transaction((manager) =>
      this.#inbox.once(manager, `${answer}:${step.orderId}`, () => this.#apply(manager, answer, step)),
    )
    return outcome.first ? outcome.value : 'seen before, nothing to do'
  }

  async #apply(manager: EntityManager, answer: Answer, step: OrderStep): Promise<string> {
    const updated = await manager.update(OrderRow, { id: step.orderId }, COLUMNS[answer])
    if (updated.affected === 0) return 'no such order here, ignored'
    const order = await manager.findOneByOrFail(OrderRow, { id: step.orderId })
    if (answer === 'rejected' || answer === 'refused') return this.#cancel(manager, order, answer, step)
    if (order.status === 'CANCELLED') return this.#compensate(manager, order, answer)
    if (order.inventory !== 'RESERVED' || order.payment !== 'TAKEN')
      return `${answer}; waiting for the other answer`
    if (!(await decide(manager, order.id, 'CONFIRMED', ''))) return `${answer}, already ${order.status}`
    await this.#tell(manager, Topic.ORDER, 'confirmed', { orderId: order.id })
    return 'stock reserved and payment taken: order confirmed'
  }

  async #cancel(manager: EntityManager, order: OrderRow, answer: Answer, step: OrderStep): Promise<string> {
    const reason = step.reason ?? answer
    if (!(await decide(manager, order.id, 'CANCELLED', reason))) return `${answer}, already ${order.status}`
    await this.#tell(manager, Topic.ORDER, 'cancelled', { orderId: order.id, reason })
    // Both get a command, whatever they did so far: who did nothing yet must not do it later.
    await this.#tell(manager, Topic.INVENTORY_COMMAND, 'release', { orderId: order.id, reason })
    await this.#tell(manager, Topic.PAYMENT_COMMAND, 'refund', { orderId: order.id, reason })
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

/** True for the one caller that moved the order out of PENDING. */
async function decide(
  manager: EntityManager,
  id: string,
  status: OrderStatus,
  reason: string,
): Promise<boolean> {
  const result = await manager.update(
    OrderRow,
    { id, status: 'PENDING' },
    { status, reason: reason.slice(0, 300) },
  )
  return result.affected === 1
}
