import { CATALOGUE } from '@rockhopper/shop-contracts'
import type { OrderRow, PlaceOrder } from '@rockhopper/shop-order'
import type { Asked } from './accounts.fixture.js'
import type { Random } from './random.fixture.js'
import { Crash, type World } from './world.fixture.js'

/** Places orders: most can be paid and delivered, some cost too much, some want more than there is. */
export async function placeOrders(
  world: World,
  random: Random,
  count: number,
  choose: (random: Random) => { pid: number; quantity: number } = anyProduct,
): Promise<Asked[]> {
  const asked: Asked[] = []
  for (let index = 0; index < count; index++) {
    const { pid, quantity } = choose(random)
    const email = `customer${index}@example.com`
    const phone = `+1415555${String(index).padStart(4, '0')}`
    const customer = { id: email, name: `Customer ${index}`, email, phone }
    const order = await untilPlaced(world, `key-${index}`, { customer, items: [{ pid, quantity }] })
    const price = CATALOGUE.find((product) => product.pid === pid)?.unitPriceCents ?? Number.NaN
    asked.push({ orderId: order.id, email, phone, pid, quantity, totalCents: price * quantity })
  }
  return asked
}

/** As a customer would: the same key again when the service died. */
async function untilPlaced(world: World, key: string, wish: PlaceOrder): Promise<OrderRow> {
  for (;;) {
    try {
      return await world.orders.place(key, wish)
    } catch (error) {
      if (!(error instanceof Crash)) throw error
    }
  }
}

function anyProduct(random: Random): { pid: number; quantity: number } {
  const product = CATALOGUE[random.below(CATALOGUE.length)] ?? CATALOGUE[0]
  // 80 of the dearest plush are above the limit of the card; of the limited edition there are three.
  const quantity = product.pid === 4 ? 1 : 1 + random.below(random.chance(0.2) ? 80 : 5)
  return { pid: product.pid, quantity }
}

export const STOCK_BEFORE: ReadonlyMap<number, number> = new Map(
  CATALOGUE.map(({ pid, available }) => [pid, available]),
)
