import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type BugName, withBug } from '../bugs.fixture.js'
import { placeLateOrder } from './late-order.fixture.js'
import { Load } from './load.fixture.js'
import { ShopRun, type ShopService } from './shop-run.fixture.js'
import { verdict } from './verdict.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const ORDERS = LONG ? 200 : 20
const BROKER_KILLS = LONG ? 10 : 2
const ROUNDS = LONG ? 5 : 1
const PAUSE_MS = 120
const SETTLE_MS = 60_000

/** Every service dies at each of its fault points; `:2` at the second time it comes by. */
const FAULTS: Record<ShopService, readonly string[]> = {
  order: [
    'order.after-commit-before-publish:2',
    'order.after-publish-before-mark:2',
    'order.after-effect-before-ack:2',
  ],
  inventory: ['inventory.after-effect-before-ack:2', 'inventory.after-publish-before-mark:2'],
  payment: [
    'payment.after-provider-before-commit:2',
    'payment.after-effect-before-ack:2',
    'payment.after-publish-before-mark:2',
  ],
  notification: [
    'notification.after-sending-before-smtp:2',
    'notification.after-smtp-before-commit:2',
    'notification.after-effect-before-ack:2',
  ],
}

let run: ShopRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 30_000)

describe('a shop whose processes are killed', () => {
  test(
    'every order ends, and stock, money and notices add up with what was asked for',
    async () => {
      const faults = Object.fromEntries(
        Object.entries(FAULTS).map(([service, points]) => [service, Array(ROUNDS).fill(points).flat()]),
      )
      const shop = new ShopRun({}, faults)
      run = shop
      await shop.start()
      const load = new Load(shop)
      let brokerKills = 0
      // On until the last fault has fired: a fault that did not fire has shown nothing.
      while (load.asked.length < ORDERS || (shop.processes.armed > 0 && load.asked.length < 4 * ORDERS)) {
        await load.place()
        await delay(PAUSE_MS)
        if (
          brokerKills < BROKER_KILLS &&
          load.asked.length >= ((brokerKills + 1) * ORDERS) / (BROKER_KILLS + 1)
        ) {
          brokerKills++
          await shop.processes.kill('broker')
        }
      }
      await shop.processes.settled(SETTLE_MS)
      await placeLateOrder(shop, load)
      expect(await verdict(shop, load.asked)).toEqual([])
      const points = [...Object.values(faults).flat(), ...Array(BROKER_KILLS).fill('broker'), 'inventory']
      expect([...shop.processes.kills].sort()).toEqual(points.sort())
    },
    LONG ? 900_000 : 150_000,
  )
})

interface Planted {
  readonly bug: BugName
  readonly service: ShopService
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
    async ({ bug, service, fault, late = false, orders, finds }) => {
      const shop = new ShopRun({ [service]: withBug(bug) }, fault === undefined ? {} : { [service]: [fault] })
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
