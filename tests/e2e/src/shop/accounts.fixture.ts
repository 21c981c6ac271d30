import { OutboxEvent } from '@rockhopper/nestjs/typeorm'
import { PAYMENT_LIMIT_CENTS, Topic } from '@rockhopper/shop-contracts'
import { StockRow } from '@rockhopper/shop-inventory'
import { OrderRow } from '@rockhopper/shop-order'
import { PaymentRow, ProviderRow } from '@rockhopper/shop-payment'
import { SERVICES, type World } from './world.fixture.js'

/** What the generator asked for, in its own words. */
export interface Asked {
  readonly orderId: string
  readonly email: string
  readonly phone: string
  readonly pid: number
  readonly quantity: number
  readonly totalCents: number
}

/**
 * All that is wrong with the books, measured against what was asked for; an empty list is what a test wants.
 */
export async function audit(
  world: World,
  asked: readonly Asked[],
  stockBefore: ReadonlyMap<number, number>,
  crashes: number,
): Promise<string[]> {
  const rows = await world.databases.order.getRepository(OrderRow).find()
  const status = new Map(rows.map((row) => [row.id, row.status]))
  const told = await toldOf(world)
  const confirmed = asked.filter(({ orderId }) => status.get(orderId) === 'CONFIRMED')
  return [
    ...(rows.length === asked.length ? [] : [`${rows.length} orders instead of ${asked.length}`]),
    ...asked.flatMap((one) => statusFaults(one, status.get(one.orderId), told)),
    ...(await stockFaults(world, confirmed, stockBefore)),
    ...(await moneyFaults(world, asked, new Set(confirmed))),
    ...noticeFaults(world, asked, told, crashes),
    ...(await repeatFaults(world)),
  ]
}

/** `<order id> <tag>` of what the order service says happened. */
async function toldOf(world: World): Promise<ReadonlySet<string>> {
  const events = await world.databases.order.getRepository(OutboxEvent).findBy({ topic: Topic.ORDER })
  return new Set(events.map(({ aggregateId, tag }) => `${aggregateId} ${tag}`))
}

function statusFaults(
  { orderId, totalCents }: Asked,
  status: string | undefined,
  told: ReadonlySet<string>,
): string[] {
  if (status !== 'CONFIRMED' && status !== 'CANCELLED') return [`${orderId} ended as ${status}`]
  const tooDear = totalCents > PAYMENT_LIMIT_CENTS
  if (tooDear && told.has(`${orderId} confirmed`)) return [`${orderId} was confirmed and cannot be paid`]
  const last = told.has(`${orderId} cancelled`) ? 'CANCELLED' : 'CONFIRMED'
  return status === last ? [] : [`${orderId} is ${status}, and ${last} was told`]
}

async function stockFaults(
  world: World,
  confirmed: readonly Asked[],
  before: ReadonlyMap<number, number>,
): Promise<string[]> {
  const left = new Map(before)
  for (const { pid, quantity } of confirmed) left.set(pid, (left.get(pid) ?? 0) - quantity)
  const stock = await world.databases.inventory.getRepository(StockRow).find()
  return stock
    .filter(({ pid, available }) => available !== left.get(pid) || available < 0)
    .map(({ pid, available }) => `product ${pid}: ${available} left instead of ${left.get(pid)}`)
}

async function moneyFaults(
  world: World,
  asked: readonly Asked[],
  confirmed: ReadonlySet<Asked>,
): Promise<string[]> {
  const database = world.databases.payment
  const book = new Map(
    (await database.getRepository(ProviderRow).find()).map((row) => [row.idempotencyKey, row]),
  )
  const payments = new Map((await database.getRepository(PaymentRow).find()).map((row) => [row.orderId, row]))
  return asked.flatMap((one) => {
    const charge = book.get(`charge-${one.orderId}`)
    const refund = book.get(`refund-${one.orderId}`)
    const taken = charge?.outcome === 'done' ? charge.amountCents : 0
    const kept = taken - (refund?.amountCents ?? 0)
    const due = confirmed.has(one) ? one.totalCents : 0
    const state = payments.get(one.orderId)?.status
    const states = confirmed.has(one) ? ['TAKEN'] : ['REFUSED', 'REFUNDED', 'TOMBSTONE']
    return [
      ...(kept === due ? [] : [`${one.orderId}: ${kept} cents kept instead of ${due}`]),
      ...(states.includes(String(state)) ? [] : [`${one.orderId}: payment ended as ${state}`]),
    ]
  })
}

function noticeFaults(
  { delivered }: World,
  asked: readonly Asked[],
  told: ReadonlySet<string>,
  crashes: number,
): string[] {
  const faults = asked.flatMap((one) =>
    (['mail', 'sms'] as const).flatMap((channel) => {
      const to = channel === 'mail' ? one.email : one.phone
      const ids = new Set(
        delivered.filter((it) => it.channel === channel && it.recipient === to).map(({ id }) => id),
      )
      const wanted = ['confirmed', 'cancelled'].filter((kind) => told.has(`${one.orderId} ${kind}`))
      return wanted.length === ids.size &&
        wanted.every((kind) => ids.has(`${one.orderId}.${kind}.${channel}`))
        ? []
        : [`${one.orderId}: ${channel} ids ${[...ids].join()} instead of ${wanted.join()}`]
    }),
  )
  const repeats = delivered.length - new Set(delivered.map(({ id }) => id)).size
  return repeats <= crashes ? faults : [...faults, `${repeats} repeated notices from ${crashes} crashes`]
}

/**
 * What is told about an order is told once. Only a refund or release may be asked for twice: it is a command.
 */
async function repeatFaults(world: World): Promise<string[]> {
  const counts = new Map<string, number>()
  for (const service of SERVICES) {
    for (const { aggregateId, topic, tag } of await world.databases[service]
      .getRepository(OutboxEvent)
      .find()) {
      if (!topic.endsWith('_topic')) continue
      const name = `${aggregateId} ${topic}:${tag}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([name, count]) => `${name} was told ${count} times`)
}
