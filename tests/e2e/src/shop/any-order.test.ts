import { afterEach, describe, expect, test } from '@jest/globals'
import { Inbox, type InboxOutcome } from '@rockhopper/nestjs/typeorm'
import { PUBLISH_WAYS, type PublishWay } from '@rockhopper/shop-order'
import { type Asked, audit } from './accounts.fixture.js'
import { Bus } from './bus.fixture.js'
import { placeOrders, STOCK_BEFORE } from './generator.fixture.js'
import { Random } from './random.fixture.js'
import { createWorld, type World } from './world.fixture.js'

const ORDERS = process.env['ROCKHOPPER_LONG'] === '1' ? 400 : 60

let world: World | undefined
afterEach(() => world?.close())

async function runShop(
  publish: PublishWay,
  random: Random,
): Promise<{ faults: string[]; asked: Asked[]; bus: Bus; world: World }> {
  const bus = new Bus(random, { crash: 0.03, duplicate: 0.15, concurrency: 4 })
  let started = false
  const made = await createWorld(publish, (point) => {
    // With an outbox an order is placed by one commit, and the crashes are for what follows.
    if (point === 'after-half' || point === 'before-end') bus.maybeCrash(point, 0.15)
    else if (started) bus.maybeCrash(point)
  })
  world = made
  const asked = await placeOrders(made, random, ORDERS)
  for (const { orderId } of asked) if (random.chance(0.2)) bus.later(() => made.saga.cancel(orderId))
  started = true
  await bus.run(made)
  return { faults: await audit(made, asked, STOCK_BEFORE, bus.crashes), asked, bus, world: made }
}

describe.each(PUBLISH_WAYS)(
  'orders by %s whose events come in any order, twice, and through crashes',
  (way) => {
    test('end confirmed or cancelled; stock, money and notices add up with what was asked for', async () => {
      const { faults, asked, bus, world } = await runShop(way, new Random())
      expect(faults).toEqual([])
      expect(asked).toHaveLength(ORDERS)
      // A run without crashes would have proved little.
      expect(bus.crashes).toBeGreaterThan(ORDERS / 10)
      // What a service that died did not say, the database did.
      const { committed, rolledBack } = world.halves.answers
      expect([committed > 0, rolledBack > 0]).toEqual(Array(2).fill(way === 'transaction'))
    })
  },
)

test('without the inbox the books do not add up', async () => {
  const { once } = Inbox.prototype
  Inbox.prototype.once = async (manager, _key, work): Promise<InboxOutcome<never>> => {
    return { first: true, value: (await work(manager)) as never }
  }
  try {
    const { faults } = await runShop('outbox', new Random())
    expect(faults).not.toEqual([])
  } finally {
    Inbox.prototype.once = once
  }
})
