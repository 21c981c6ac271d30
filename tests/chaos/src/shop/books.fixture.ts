import { CATALOGUE, NOTICES_AT_ONCE } from '@rockhopper/shop-contracts'
import { type Asked, isPossible } from './load.fixture.js'
import { SHOP, type ShopRun } from './shop-run.fixture.js'

/**
 * All that is wrong, measured by what the generator asked for: the services' databases, the payment
 * provider's book and what reached the customers. An empty list also says that nothing is under way any more.
 */
export async function audit(run: ShopRun, asked: readonly Asked[]): Promise<string[]> {
  const orders = await run.rows('order', 'SELECT id, status FROM orders')
  const status = new Map(orders.map((row) => [row['id'], row['status']]))
  const confirmed = new Set(asked.filter(({ orderId }) => status.get(orderId) === 'CONFIRMED'))
  return [
    ...(orders.length === asked.length ? [] : [`${orders.length} orders instead of ${asked.length}`]),
    ...asked.flatMap((one) => {
      const wanted = isPossible(one) && !one.cancelled ? 'CONFIRMED' : 'CANCELLED'
      const ended = status.get(one.orderId)
      return ended === wanted ? [] : [`${one.orderId} ended as ${ended} instead of ${wanted}`]
    }),
    ...(await stockFaults(run, confirmed)),
    ...(await moneyFaults(run, asked, confirmed)),
    ...(await noticeFaults(run, asked)),
    ...(await historyFaults(run, asked)),
    ...(await toldFaults(run)),
  ]
}

async function stockFaults(run: ShopRun, confirmed: ReadonlySet<Asked>): Promise<string[]> {
  const left = new Map<unknown, number>(CATALOGUE.map(({ pid, available }) => [pid, available]))
  for (const { pid, quantity } of confirmed) left.set(pid, (left.get(pid) ?? 0) - quantity)
  const stock = await run.rows('inventory', 'SELECT pid, available FROM stock')
  return stock
    .filter(({ pid, available }) => available !== left.get(pid))
    .map(({ pid, available }) => `product ${pid}: ${available} left instead of ${left.get(pid ?? 0)}`)
}

async function moneyFaults(
  run: ShopRun,
  asked: readonly Asked[],
  confirmed: ReadonlySet<Asked>,
): Promise<string[]> {
  const charged = await run.rows(
    'payment',
    'SELECT "idempotencyKey", outcome, "amountCents" FROM provider_book',
  )
  const book = new Map(
    charged.map((row) => [row['idempotencyKey'], row['outcome'] === 'done' ? Number(row['amountCents']) : 0]),
  )
  return asked.flatMap((one) => {
    const kept = (book.get(`charge-${one.orderId}`) ?? 0) - (book.get(`refund-${one.orderId}`) ?? 0)
    const due = confirmed.has(one) ? one.totalCents : 0
    return kept === due ? [] : [`${one.orderId}: ${kept} cents kept instead of ${due}`]
  })
}

/** What has to be told about an order, in this order. */
function newsOf(one: Asked): readonly ('confirmed' | 'cancelled')[] {
  if (!isPossible(one)) return ['cancelled']
  return one.cancelled ? ['confirmed', 'cancelled'] : ['confirmed']
}

/** One Message-ID for each piece of news and channel; a repeat needs a kill or no answer. */
async function noticeFaults(run: ShopRun, asked: readonly Asked[]): Promise<string[]> {
  const { kills } = run.processes
  const { received } = run
  const arrived = new Set(received.map(({ channel, id, to }) => `${channel} ${id} ${to}`))
  const wanted = asked.flatMap((one) =>
    newsOf(one).flatMap((kind) => [
      `mail ${one.orderId}.${kind}.mail@rockhopper.shop ${one.email}`,
      `sms ${one.orderId}.${kind}.sms ${one.phone}`,
    ]),
  )
  const faults = [
    ...wanted.filter((name) => !arrived.delete(name)).map((name) => `did not arrive: ${name}`),
    ...[...arrived].map((name) => `arrived and should not: ${name}`),
  ]
  const repeats = received.reduce((sum, { count }) => sum + count - 1, 0)
  const killed = kills.filter((fault) => fault.startsWith('notification.')).length
  // Its providers are in this process, and may take what they are too busy to answer in time.
  const causes = killed * NOTICES_AT_ONCE + run.processes.failedHandlers('notification')
  const unsent = await run.rows('notification', "SELECT id FROM notices WHERE status <> 'sent'")
  const waiting = unsent.length
  return [
    ...faults,
    ...(repeats <= causes ? [] : [`${repeats} repeated notices, ${causes} at most`]),
    ...(waiting === 0 ? [] : [`${waiting} notices still to be sent`]),
  ]
}

/** What the notification service heard of an order, which has to be the order in which it happened. */
async function historyFaults(run: ShopRun, asked: readonly Asked[]): Promise<string[]> {
  const heard = new Map<unknown, string[]>()
  const history = await run.rows('notification', 'SELECT * FROM order_history ORDER BY id')
  for (const { orderId, what } of history) heard.set(orderId, [...(heard.get(orderId) ?? []), String(what)])
  return asked.flatMap((one) => {
    const wanted = ['created', ...newsOf(one)].join()
    const is = (heard.get(one.orderId) ?? []).join()
    return is === wanted ? [] : [`history of ${one.orderId}: ${is} instead of ${wanted}`]
  })
}

/** What is told about an order is told once, and nothing waits to be told. */
async function toldFaults(run: ShopRun): Promise<string[]> {
  const faults: string[] = []
  for (const service of SHOP) {
    const unsent = await run.rows(service, 'SELECT id FROM rocketmq_outbox WHERE sent_at IS NULL')
    const twice = await run.rows(
      service,
      `SELECT aggregate_id, topic, tag, count(*) AS times FROM rocketmq_outbox
       WHERE topic LIKE '%\\_topic' ESCAPE '\\' AND topic <> 'price_topic'
       GROUP BY aggregate_id, topic, tag HAVING count(*) > 1`,
    )
    if (unsent.length > 0) faults.push(`${service}: ${unsent.length} events not sent`)
    for (const { aggregate_id, topic, tag, times } of twice)
      faults.push(`${aggregate_id} ${topic}:${tag} was told ${times} times`)
  }
  return faults
}

/** How much there is to see; it stands still when nothing happens any more. */
export async function progress(run: ShopRun): Promise<string> {
  const counted = SHOP.map((service) =>
    run.rows(
      service,
      `SELECT (SELECT count(*) FROM rocketmq_outbox) AS told,
        (SELECT count(*) FROM rocketmq_inbox) AS seen`,
    ),
  )
  return JSON.stringify([await Promise.all(counted), run.received.length])
}
