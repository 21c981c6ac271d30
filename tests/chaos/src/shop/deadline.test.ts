import { afterEach, expect, test } from '@jest/globals'
import { CATALOGUE } from '@rockhopper/shop-contracts'
import { eventually } from '../eventually.fixture.js'
import { ShopRun } from './shop-run.fixture.js'

const WAIT_MS = 60_000
const AWAY_MS = 6_000
const CUSTOMER = { id: '1', name: 'Ada', email: 'ada@example.com', phone: '+14155550101' }

let run: ShopRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 30_000)

test('an order not paid in time is cancelled; by transaction, none is taken without a broker', async () => {
  const shop = new ShopRun({ order: { ORDER_PUBLISH: 'transaction', ORDER_PAYMENT_TIMEOUT_S: '2' } })
  run = shop
  await shop.start()
  const cashierBack = shop.processes.kill('payment', AWAY_MS)
  const unpaid = await place(shop, 'unpaid')
  expect(unpaid.status).toBe(202)
  await eventually('the order is cancelled', WAIT_MS, async () => {
    const [order] = await shop.rows('order', 'SELECT status, reason FROM orders')
    return order?.['status'] === 'CANCELLED' && order['reason'] === 'not paid within 2 s'
  })
  await cashierBack
  // The command was first: whatever the cashier does about the order now, it keeps no money.
  await eventually('money and stock are where they were', WAIT_MS, async () => {
    const [payment] = await shop.rows('payment', 'SELECT status FROM payments')
    const [plush] = await shop.rows('inventory', 'SELECT available FROM stock WHERE pid = 1')
    const settled = ['TOMBSTONE', 'REFUNDED'].includes(String(payment?.['status']))
    return settled && plush?.['available'] === CATALOGUE[0].available
  })

  const brokerBack = shop.processes.kill('broker', AWAY_MS)
  const refused = await place(shop, 'refused')
  expect([refused.status, (await refused.json()) as unknown]).toEqual([
    503,
    { status: 503, message: expect.stringMatching(/send it again with the same Idempotency-Key/) },
  ])
  expect(await shop.rows('order', 'SELECT id FROM orders')).toHaveLength(1)
  await brokerBack
  const taken = () => place(shop, 'refused').then(({ status }) => status === 202)
  await eventually('the order is taken', WAIT_MS, taken)
}, 240_000)

function place(shop: ShopRun, key: string): Promise<Response> {
  return fetch(`${shop.url('order')}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ customer: CUSTOMER, items: [{ pid: 1, quantity: 1 }] }),
  })
}
