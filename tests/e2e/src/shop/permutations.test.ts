import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { OrderCreated } from '@rockhopper/shop-contracts'
import { ReservationRow, StockRow } from '@rockhopper/shop-inventory'
import { OrderRow } from '@rockhopper/shop-order'
import { ProviderRow } from '@rockhopper/shop-payment'
import { Crash, createWorld, outboxOf, type World } from './world.fixture.js'

/** One world for all sequences: each is an order of its own. */
let world: World
let count = 0
let dying = false
beforeAll(async () => {
  world = await createWorld('outbox', (point) => {
    if (dying && point === 'after-provider') throw new Crash(point)
  })
})
afterAll(() => world.close())

async function newOrder(): Promise<OrderCreated> {
  const index = count++
  const customer = { id: `${index}`, name: 'Ada', email: `${index}@example.com`, phone: `+1${index}` }
  const row = await world.orders.place(`key-${index}`, { customer, items: [{ pid: 1, quantity: 2 }] })
  const { id: orderId, items, totalCents, createdAt } = row
  return { orderId, customer, items, totalCents, createdAt }
}

/** Every order of the events, each of them once and twice: `ab` gives ab, ba, aab, aba, …, bbaa. */
function sequences<T>(events: readonly T[]): T[][] {
  const found = new Map<string, T[]>()
  const visit = (left: readonly number[], sequence: readonly number[]): void => {
    if (left.every((times, index) => times < 2 || sequence.includes(index))) {
      if (events.every((_, index) => sequence.includes(index))) {
        found.set(
          sequence.join(),
          sequence.flatMap((index) => events[index] ?? []),
        )
      }
    }
    left.forEach((times, index) => {
      if (times > 0)
        visit(
          left.map((other, at) => (at === index ? other - 1 : other)),
          [...sequence, index],
        )
    })
  }
  visit(
    events.map(() => 2),
    [],
  )
  return [...found.values()]
}

/** Topic and tag of what was told about an order, in the order of telling. */
async function told(service: 'order' | 'inventory' | 'payment', orderId: string): Promise<string[]> {
  const events = await outboxOf(world.databases[service])
  return events
    .filter(({ aggregateId }) => aggregateId === orderId)
    .map(({ topic, tag }) => `${topic}:${tag}`)
    .filter((name) => !name.startsWith('order-topic') && name !== 'order_topic:created')
}

describe('all permutations and duplicates of one order’s events', () => {
  test('the list of sequences is complete', () => {
    expect(sequences(['a', 'b'])).toHaveLength(2 + 3 + 3 + 6)
  })

  const answers = [
    [['reserved', 'taken'], 'CONFIRMED', ['order_topic:confirmed']],
    [['reserved', 'refused'], 'CANCELLED', undefined],
    [['rejected', 'taken'], 'CANCELLED', undefined],
    [['rejected', 'refused'], 'CANCELLED', undefined],
  ] as const
  test.each(answers)('the saga decides once about %p: %s', async (events, status, expected) => {
    for (const sequence of sequences(events)) {
      const { orderId } = await newOrder()
      for (const answer of sequence) await world.saga.take(answer, { orderId })
      const row = await world.databases.order.getRepository(OrderRow).findOneByOrFail({ id: orderId })
      expect([sequence, row.status]).toEqual([sequence, status])
      const names = await told('order', orderId)
      if (expected === undefined) {
        expect(names.filter((name) => name === 'order_topic:cancelled')).toHaveLength(1)
        expect(names).toEqual(expect.arrayContaining(['inventory_command:release', 'payment_command:refund']))
      } else expect(names).toEqual(expected)
    }
  })

  test('the stock keeper ends with nothing reserved when a release is among them', async () => {
    const stock = world.databases.inventory.getRepository(StockRow)
    const before = await stock.findOneByOrFail({ pid: 1 })
    for (const sequence of sequences(['created', 'release'] as const)) {
      const order = await newOrder()
      for (const event of sequence) {
        if (event === 'created') await world.stock.reserve(order)
        else await world.stock.release({ orderId: order.orderId })
      }
      const { available } = await stock.findOneByOrFail({ pid: 1 })
      expect([sequence, available]).toEqual([sequence, before.available])
      const { status } = await world.databases.inventory
        .getRepository(ReservationRow)
        .findOneByOrFail({ orderId: order.orderId })
      expect(status).toBe(sequence[0] === 'created' ? 'RELEASED' : 'TOMBSTONE')
    }
  })

  test('the cashier keeps no money when a refund is among them', async () => {
    for (const sequence of sequences(['created', 'refund'] as const)) {
      const order = await newOrder()
      for (const event of sequence) {
        if (event === 'created') await world.payments.charge(order)
        else await world.payments.refund({ orderId: order.orderId })
      }
      const book = await world.databases.payment.getRepository(ProviderRow).find()
      const own = book.filter(({ idempotencyKey }) => idempotencyKey.endsWith(order.orderId))
      const kept = own.reduce(
        (sum, row) => sum + (row.kind === 'charge' ? row.amountCents : -row.amountCents),
        0,
      )
      expect([sequence, kept]).toEqual([sequence, 0])
      const taken = (await told('payment', order.orderId)).filter((name) => name === 'payment_topic:taken')
      expect([sequence, taken.length]).toEqual([sequence, sequence[0] === 'created' ? 1 : 0])
    }
  })

  test.each(['confirmed', 'cancelled'] as const)(
    'the customer is told once by mail and once by SMS that the order is %s',
    async (what) => {
      for (const sequence of sequences(['created', what] as const)) {
        const order = await newOrder()
        const { orderId } = order
        for (const event of sequence) {
          if (event === 'created') await world.news.created(order)
          else if (event === 'confirmed') await world.news.confirmed(orderId)
          else await world.news.cancelled({ orderId, reason: 'no more pebbles' })
        }
        const own = world.delivered.filter(({ id }) => id.startsWith(`${orderId}.${what}.`))
        expect([sequence, own.map(({ channel }) => channel).sort()]).toEqual([sequence, ['mail', 'sms']])
      }
    },
  )

  const endings = [
    ['customer', 'deadline'],
    ['customer', 'rejected'],
    ['deadline', 'rejected'],
  ] as const
  test.each(endings)('an order is cancelled once by %s and %s, in any order', async (one, other) => {
    for (const sequence of sequences([one, other])) {
      const { orderId } = await newOrder()
      for (const event of sequence) {
        if (event === 'customer') await world.saga.cancel(orderId)
        else if (event === 'deadline') await world.saga.unpaid(orderId)
        else await world.saga.take('rejected', { orderId })
      }
      const cancelled = (await told('order', orderId)).filter((name) => name === 'order_topic:cancelled')
      expect([sequence, cancelled.length]).toEqual([sequence, 1])
    }
  })

  test('a paid order is not cancelled by its deadline, but when its customer says so', async () => {
    const { orderId } = await newOrder()
    await world.saga.take('taken', { orderId })
    expect(await world.saga.unpaid(orderId)).toMatch('paid in time')
    await world.saga.take('reserved', { orderId })
    expect(await world.saga.cancel(orderId)).toMatch('order cancelled')
    expect(await told('order', orderId)).toEqual([
      ...['order_topic:confirmed', 'order_topic:cancelled'],
      ...['inventory_command:release', 'payment_command:refund'],
    ])
  })

  test('money is paid back when its booking died with the service and the refund came first', async () => {
    const order = await newOrder()
    dying = true
    await expect(world.payments.charge(order)).rejects.toThrow(Crash)
    dying = false
    await world.payments.refund({ orderId: order.orderId })
    await world.payments.charge(order)
    const book = await world.databases.payment.getRepository(ProviderRow).find()
    const own = book.filter(({ idempotencyKey }) => idempotencyKey.endsWith(order.orderId))
    expect(own.map(({ kind, amountCents }) => [kind, amountCents])).toEqual([
      ['charge', order.totalCents],
      ['refund', order.totalCents],
    ])
    expect(await told('payment', order.orderId)).toEqual(['payment_topic:refunded'])
  })
})
