import { afterEach, expect, test } from '@jest/globals'
import { eventually } from '../eventually.fixture.js'
import { postgresIfThere } from '../postgres.fixture.js'
import { Load } from './load.fixture.js'
import { ShopRun } from './shop-run.fixture.js'
import { verdict } from './verdict.fixture.js'

const ORDERS = process.env['ROCKHOPPER_LONG'] === '1' ? 600 : 30
const WAIT_MS = 60_000
const PLUSH = 1
const PRICE = 1_999

let run: ShopRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 30_000)

test('two instances of order and inventory share the work, and one of each is killed', async () => {
  await using postgres = await postgresIfThere()
  const shop = new ShopRun({}, {}, ['order', 'inventory'], await postgres?.createDatabase('shop'))
  run = shop
  await shop.start()
  await changePrice(shop, PRICE + 100)
  await bothKnow(shop, PRICE + 100)
  // While one is away: what it missed, it hears when it is back.
  const away = shop.processes.kill('order-2', 1_000)
  await changePrice(shop, PRICE)
  await eventually('the price is back', WAIT_MS, async () => (await priceAt(shop, 'order')) === PRICE)
  const load = new Load(shop)
  const placeFive = () => Promise.all(Array.from({ length: 5 }, () => load.place()))
  await placeFive()
  const killed = shop.processes.kill('inventory', 1_000)
  while (load.asked.length < ORDERS) await placeFive()
  await Promise.all([away, killed])
  await bothKnow(shop, PRICE)
  expect(await verdict(shop, load.asked)).toEqual([])
  // While its database is there.
  await shop.stop()
  run = undefined
}, 300_000)

async function changePrice(shop: ShopRun, unitPriceCents: number): Promise<void> {
  const answer = await fetch(`${shop.url('inventory')}/stock/${PLUSH}/price`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ unitPriceCents }),
  })
  expect(answer.status).toBe(200)
}

async function bothKnow(shop: ShopRun, cents: number): Promise<void> {
  for (const name of ['order', 'order-2'] as const)
    await eventually(`${name} knows the price`, WAIT_MS, async () => (await priceAt(shop, name)) === cents)
}

async function priceAt(shop: ShopRun, name: 'order' | 'order-2'): Promise<number | undefined> {
  const answer = await fetch(`${shop.url(name)}/prices`).catch(() => undefined)
  if (answer?.ok !== true) return undefined
  const prices = (await answer.json()) as { pid: number; unitPriceCents: number }[]
  return prices.find(({ pid }) => pid === PLUSH)?.unitPriceCents
}
