import { Admin } from '@rockhopper/client'
import { Group } from '@rockhopper/shop-contracts'
import { eventually } from '../eventually.fixture.js'
import { type Load, TOO_DEAR } from './load.fixture.js'
import type { ShopRun } from './shop-run.fixture.js'

const WAIT_MS = process.env['ROCKHOPPER_LONG'] === '1' ? 120_000 : 20_000

/**
 * An order that is cancelled before the stock keeper hears of it: its group is barred at the broker, the card
 * is refused, the release command is handled, and only then the order itself comes and is handled.
 */
export async function placeLateOrder(run: ShopRun, load: Load): Promise<void> {
  const admin = new Admin({ namesrvAddr: run.namesrvAddr })
  await admin.start()
  try {
    await admin.updateSubscriptionGroup({ groupName: Group.INVENTORY_ORDERS, consumeEnable: false })
    // Pulls that the broker holds already would still be answered.
    await run.processes.kill('inventory')
    const { orderId } = await load.place(TOO_DEAR)
    await handled(run, Group.INVENTORY_COMMANDS, orderId)
    if (await wasHandled(run, Group.INVENTORY_ORDERS, orderId)) throw new Error('the order was not late')
    await admin.updateSubscriptionGroup({ groupName: Group.INVENTORY_ORDERS, consumeEnable: true })
    await handled(run, Group.INVENTORY_ORDERS, orderId)
  } finally {
    await admin.shutdown()
  }
}

async function handled(run: ShopRun, consumer: string, orderId: string): Promise<void> {
  await eventually(`${consumer} handles ${orderId}`, WAIT_MS, () => wasHandled(run, consumer, orderId))
}

async function wasHandled(run: ShopRun, consumer: string, orderId: string): Promise<boolean> {
  const seen = await run.rows('inventory', 'SELECT consumer, key FROM rocketmq_inbox')
  return seen.some((row) => row['consumer'] === consumer && row['key'] === orderId)
}
