import { afterEach, expect, test } from '@jest/globals'
import { StockRow } from '@rockhopper/shop-inventory'
import { ProviderRow } from '@rockhopper/shop-payment'
import { audit } from './accounts.fixture.js'
import { Bus } from './bus.fixture.js'
import { placeOrders, STOCK_BEFORE } from './generator.fixture.js'
import { Random } from './random.fixture.js'
import { createWorld, type World } from './world.fixture.js'

const RACES = 1_000
const PEBBLE = 3

let world: World | undefined
afterEach(() => world?.close())

test('a cancellation that races the payment, 1,000 times: nobody pays for nothing', async () => {
  const random = new Random()
  const bus = new Bus(random, { crash: 0, duplicate: 0.05, concurrency: 6 })
  const made = await createWorld('outbox')
  world = made
  // Nothing left of it: every order is cancelled by the stock keeper while the cashier takes the money.
  await made.databases.inventory.getRepository(StockRow).update({ pid: PEBBLE }, { available: 0 })
  const asked = await placeOrders(made, random, RACES, () => ({ pid: PEBBLE, quantity: 1 }))
  await bus.run(made)
  expect(await audit(made, asked, new Map([...STOCK_BEFORE, [PEBBLE, 0]]), 0)).toEqual([])
  const book = await made.databases.payment.getRepository(ProviderRow).find()
  const [charges, refunds] = ['charge', 'refund'].map(
    (kind) => book.filter((row) => row.kind === kind).length,
  )
  // The race was one: sometimes the money came first and went back, sometimes the cancellation did.
  expect(charges).toBe(refunds)
  expect(charges).toBeGreaterThan(RACES / 10)
  expect(charges).toBeLessThan(RACES - RACES / 100)
}, 120_000)
