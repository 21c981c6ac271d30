import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type BugName, withBug } from '../bugs.fixture.js'
import { eventually } from '../eventually.fixture.js'
import { postgresIfThere, postgresIsThere } from '../postgres.fixture.js'
import { placeLateOrder } from './late-order.fixture.js'
import { Load } from './load.fixture.js'
import { ShopRun, type ShopService } from './shop-run.fixture.js'
import { verdict } from './verdict.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const ORDERS = LONG ? 10_000 : 300
const BROKER_KILLS = LONG ? 10 : 2
const ROUNDS = LONG ? 20 : 1
/** Passes of a fault point in lives after the first round: who dies at once all the time serves nobody. */
const LATER = 100
/** Customers who order at the same time. */
const CUSTOMERS = 8
/** One of so many who got what they wanted takes the order back. */
const TAKEN_BACK = LONG ? 100 : 25
/** Customers look at that before every tenth order. */
const LOOK_EVERY = 10
/**
 * An order that the card will refuse holds 60 of 10,000 pieces until then. With more orders under way than
 * this, or fewer pieces left, one that can be had could rightly be told that there are no more.
 */
const UNDER_WAY_MAX = 300
const PIECES_MIN = 5_000
/** Between the orders of a customer who only waits for the last fault. */
const PAUSE_MS = 1_000
const SETTLE_MS = LONG ? 300_000 : 60_000
/** For so many orders; a customer gives up before that. */
const PLACING_MS = LONG ? 3_000_000 : 300_000

/** Every service dies at each of its fault points, now and then, early and late in the run. */
const FAULTS: Record<ShopService, readonly string[]> = {
  order: [
    'order.after-commit-before-publish:2',
    'order.after-publish-before-mark:10',
    'order.after-effect-before-ack:10',
  ],
  inventory: ['inventory.after-effect-before-ack:2', 'inventory.after-publish-before-mark:10'],
  payment: [
    'payment.after-provider-before-commit:2',
    'payment.after-effect-before-ack:10',
    'payment.after-publish-before-mark:10',
  ],
  notification: [
    'notification.after-sending-before-smtp:2',
    'notification.after-smtp-before-commit:10',
    'notification.after-effect-before-ack:10',
  ],
}

/** With transactions, also at the moments at which only the broker's question finds out. */
const TRANSACTION_FAULTS = ['order.after-half-before-work:2', 'order.after-commit-before-end:2']

let run: ShopRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 30_000)

const WAYS = [
  { way: 'outbox', on: 'files', orders: ORDERS, faults: FAULTS, brokerKills: BROKER_KILLS },
  {
    way: 'transaction',
    on: postgresIsThere ? 'PostgreSQL' : 'files',
    orders: LONG ? ORDERS : ORDERS / 10,
    faults: { order: [...TRANSACTION_FAULTS, 'order.after-publish-before-mark:2'] },
    brokerKills: LONG ? BROKER_KILLS : 1,
  },
] as const

describe('a shop whose processes are killed', () => {
  test.each(WAYS)(
    '$orders orders, published by $way, on $on: all end, and stock, money and notices are as asked for',
    async ({ way, on, orders, faults: points, brokerKills }) => {
      await using postgres = on === 'files' ? undefined : await postgresIfThere()
      const faults = Object.fromEntries(
        Object.entries(points).map(([service, names]) => [service, roundsOf(names)]),
      )
      const database = await postgres?.createDatabase('shop')
      const shop = new ShopRun({ order: { ORDER_PUBLISH: way } }, faults, [], database)
      run = shop
      await shop.start()
      const load = new Load(shop)
      const began = performance.now()
      await Promise.all([placeAll(shop, load, orders), killBroker(shop, load, orders, brokerKills)])
      await shop.processes.settled(SETTLE_MS)
      await load.takeBack(TAKEN_BACK)
      await placeLateOrder(shop, load)
      expect(await verdict(shop, load.asked)).toEqual([])
      const kills = [...Object.values(faults).flat(), ...Array(brokerKills).fill('broker'), 'inventory']
      expect([...shop.processes.kills].sort()).toEqual(kills.sort())
      const seconds = ((performance.now() - began) / 1_000).toFixed(0)
      process.stderr.write(`${load.count} orders on ${on}, ${kills.length} kills, ${seconds} s\n`)
      // While its database is there.
      await shop.stop()
      run = undefined
    },
    LONG ? 3_600_000 : 600_000,
  )
})

function roundsOf(names: readonly string[]): string[] {
  const later = names.map((name) => `${name.replace(/:.*/, '')}:${LATER}`)
  return [
    ...names,
    ...Array<string[]>(ROUNDS - 1)
      .fill(later)
      .flat(),
  ]
}

/** On until the last fault has fired: a fault that did not fire has shown nothing. */
async function placeAll(shop: ShopRun, load: Load, orders: number): Promise<void> {
  const customer = async (): Promise<void> => {
    while (load.count < orders) {
      if (load.count % LOOK_EVERY === 0)
        await eventually('few orders are under way', PLACING_MS, () => fewUnderWay(shop))
      await load.place()
    }
    while (shop.processes.armed > 0 && load.count < 2 * orders) {
      await load.place()
      await delay(PAUSE_MS)
    }
  }
  await Promise.all(Array.from({ length: CUSTOMERS }, customer))
}

async function fewUnderWay(shop: ShopRun): Promise<boolean> {
  shop.processes.check()
  const pending = await shop.rows('order', "SELECT id FROM orders WHERE status = 'PENDING'")
  const [plush] = await shop.rows('inventory', 'SELECT available FROM stock WHERE pid = 1')
  return pending.length < UNDER_WAY_MAX && Number(plush?.['available']) >= PIECES_MIN
}

/** So many times, evenly spread over the orders. */
async function killBroker(shop: ShopRun, load: Load, orders: number, times: number): Promise<void> {
  for (let time = 1; time <= times; time++) {
    const placed = () => load.asked.length >= (time * orders) / (times + 1)
    await eventually(`${time} of ${times} parts of the orders are placed`, PLACING_MS, placed)
    await shop.processes.kill('broker')
  }
}

interface Planted {
  readonly bug: BugName
  readonly service: ShopService
  readonly env?: Readonly<Record<string, string>>
  readonly fault?: string
  readonly late?: boolean
  readonly orders: number
  /** What the check has to find. */
  readonly finds: RegExp
}

const PLANTED: readonly Planted[] = [
  {
    bug: 'inbox off',
    service: 'payment',
    fault: 'payment.after-effect-before-ack:1',
    orders: 2,
    finds: /payment_topic:taken was told 2 times/,
  },
  {
    bug: 'ack before commit',
    service: 'payment',
    fault: 'payment.after-provider-before-commit:1',
    orders: 6,
    finds: /ended as PENDING/,
  },
  {
    bug: 'relay marks before send',
    service: 'order',
    fault: 'order.after-commit-before-publish:1',
    orders: 1,
    finds: /ended as PENDING/,
  },
  {
    bug: 'check-back without a look',
    service: 'order',
    env: { ORDER_PUBLISH: 'transaction' },
    fault: 'order.after-commit-before-end:1',
    orders: 1,
    finds: /ended as PENDING/,
  },
  {
    bug: 'no tombstone',
    service: 'inventory',
    late: true,
    orders: 1,
    finds: /product 1: \d+ left instead of/,
  },
]

describe('a planted bug is found', () => {
  test.each(PLANTED)(
    '$bug',
    async ({ bug, service, env, fault, late = false, orders, finds }) => {
      const shop = new ShopRun(
        { [service]: { ...env, ...withBug(bug) } },
        fault === undefined ? {} : { [service]: [fault] },
      )
      run = shop
      await shop.start()
      expect(shop.processes.said(service, /^planted a bug into /)).toBe(true)
      const load = new Load(shop)
      for (let count = 0; count < orders; count++) await load.place({ pid: 1, quantity: 1 })
      if (late) await placeLateOrder(shop, load)
      await shop.processes.settled(SETTLE_MS)
      expect((await verdict(shop, load.asked)).join('\n')).toMatch(finds)
    },
    90_000,
  )
})
