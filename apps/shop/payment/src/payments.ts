import { Inject, Injectable } from '@nestjs/common'
import { RetryLaterException } from '@rockhopper/nestjs'
import { Inbox, Outbox } from '@rockhopper/nestjs/typeorm'
import {
  faultPoint,
  formatCents,
  Group,
  type OrderCreated,
  type OrderStep,
  Topic,
} from '@rockhopper/shop-contracts'
import { DataSource, type EntityManager } from 'typeorm'
import { PAYMENT_PROVIDER, type PaymentProvider } from './payment-provider.js'
import { PaymentRow } from './payment-row.js'
import { ProviderRow } from './provider-row.js'

/**
 * The cashier. The provider is called before the transaction, with the order's id as its idempotency key:
 * after a crash in between, the repeated message gets the same charge, not a second one.
 */
@Injectable()
export class Payments {
  readonly #orders = new Inbox(Group.PAYMENT_ORDERS)

  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(PAYMENT_PROVIDER) private readonly provider: PaymentProvider,
  ) {}

  list(): Promise<PaymentRow[]> {
    return this.database.getRepository(PaymentRow).find()
  }

  book(): Promise<ProviderRow[]> {
    return this.database.getRepository(ProviderRow).find()
  }

  async charge(order: OrderCreated): Promise<string> {
    const { orderId, totalCents: amountCents } = order
    const before = await this.database.getRepository(PaymentRow).findOneBy({ orderId })
    if (before?.status === 'TOMBSTONE') return this.#notCharged(orderId, amountCents)
    const charge = await this.provider.charge(`charge-${orderId}`, amountCents)
    faultPoint('payment.after-provider-before-commit')
    return this.#once(this.#orders, orderId, (manager) => this.#booked(manager, orderId, amountCents, charge))
  }

  /** The refund came first. An earlier life may have charged, and died before it could write that down. */
  async #notCharged(orderId: string, amountCents: number): Promise<string> {
    const charge = await this.provider.find(`charge-${orderId}`)
    if (charge?.outcome !== 'done') return 'cancelled before it was charged: nothing charged'
    await this.provider.refund(`refund-${orderId}`, amountCents)
    return this.#once(this.#orders, orderId, async (manager) => {
      const { reference } = charge
      await manager.update(PaymentRow, { orderId }, { status: 'REFUNDED', amountCents, reference })
      await this.#tell(manager, 'refunded', { orderId, amountCents })
      return 'charged before a crash, and cancelled since: refunded'
    })
  }

  async #booked(
    manager: EntityManager,
    orderId: string,
    amountCents: number,
    charge: Awaited<ReturnType<PaymentProvider['charge']>>,
  ): Promise<string> {
    const done = charge.outcome === 'done'
    // The refund command may have been handled between the look above and now: its tombstone wins.
    const tombstone = await manager.findOneBy(PaymentRow, { orderId })
    if (tombstone !== null) {
      if (!done) return 'cancelled meanwhile, and the charge was refused anyway'
      await this.#tell(manager, 'taken', { orderId, amountCents })
      await manager.update(
        PaymentRow,
        { orderId },
        { status: 'TAKEN', amountCents, reference: charge.reference },
      )
      return 'charged while the order was cancelled: it will be refunded'
    }
    const status = done ? 'TAKEN' : 'REFUSED'
    await manager.insert(PaymentRow, {
      orderId,
      status,
      amountCents,
      reference: done ? charge.reference : '',
    })
    if (done) await this.#tell(manager, 'taken', { orderId, amountCents })
    else await this.#tell(manager, 'refused', { orderId, amountCents, reason: 'the card was declined' })
    return done ? `payment of ${formatCents(amountCents)} taken` : 'payment refused: the card was declined'
  }

  async refund(step: OrderStep): Promise<string> {
    const { orderId } = step
    const payment = await this.database.getRepository(PaymentRow).findOneBy({ orderId })
    const paidBack = payment?.status === 'TAKEN'
    if (paidBack) await this.provider.refund(`refund-${orderId}`, payment.amountCents)
    return this.database.transaction((manager) => this.#refunded(manager, orderId, paidBack))
  }

  /** Not kept in the inbox: a refund asked for again, because the money came later, has to be done. */
  async #refunded(manager: EntityManager, orderId: string, paidBack: boolean): Promise<string> {
    const payment = await manager.findOneBy(PaymentRow, { orderId })
    if (payment === null) {
      await manager.insert(PaymentRow, { orderId, status: 'TOMBSTONE', amountCents: 0, reference: '' })
      return 'refund came before the order: noted, nothing will be charged'
    }
    // The charge was booked between the look above and now: come again and pay it back first.
    if (payment.status === 'TAKEN' && !paidBack) throw new RetryLaterException(1_000, 'charged just now')
    const moved = await manager.update(PaymentRow, { orderId, status: 'TAKEN' }, { status: 'REFUNDED' })
    if (moved.affected !== 1) return `nothing to refund (${payment.status.toLowerCase()})`
    await this.#tell(manager, 'refunded', { orderId, amountCents: payment.amountCents })
    return `${formatCents(payment.amountCents)} refunded`
  }

  async #once(inbox: Inbox, key: string, work: (manager: EntityManager) => Promise<string>): Promise<string> {
    const outcome = await this.database.transaction((manager) => inbox.once(manager, key, work))
    return outcome.first ? outcome.value : 'seen before, nothing to do'
  }

  async #tell(manager: EntityManager, tag: string, data: OrderStep): Promise<void> {
    const { orderId } = data
    const pattern = { topic: Topic.PAYMENT, tag }
    await this.outbox.add(manager, { pattern, keys: [orderId], aggregateId: orderId, data })
  }
}
