import { join } from 'node:path'
import { CATALOGUE } from '@rockhopper/shop-contracts'
import Database from 'better-sqlite3'
import { type Asked, isPossible } from './load.fixture.js'
import { SHOP, type ShopRun, type ShopService } from './shop-run.fixture.js'

type Row = Readonly<Record<string, string | number | null>>

/**
 * All that is wrong, measured by what the generator asked for: the services' databases, the payment
 * provider's book and what reached the customers. An empty list also says that nothing is under way any more.
 */
export function audit(run: ShopRun, asked: readonly Asked[]): string[] {
  const orders = rows(run, 'order', 'SELECT id, status FROM orders')
  const status = new Map(orders.map((row) => [row['id'], row['status']]))
  const confirmed = new Set(asked.filter(({ orderId }) => status.get(orderId) === 'CONFIRMED'))
  return [
    ...(orders.length === asked.length ? [] : [`${orders.length} orders instead of ${asked.length}`]),
    ...asked.flatMap((one) => {
      const wanted = isPossible(one) && !one.cancelled ? 'CONFIRMED' : 'CANCELLED'
      const ended = status.get(one.orderId)
      return ended === wanted ? [] : [`${one.orderId} ended as ${ended} instead of ${wanted}`]
    }),
    ...stockFaults(run, confirmed),
    ...moneyFaults(run, asked, confirmed),
    ...noticeFaults(run, asked),
    ...historyFaults(run, asked),
    ...toldFaults(run),
  ]
}

function stockFaults(run: ShopRun, confirmed: ReadonlySet<Asked>): string[] {
  const left = new Map<unknown, number>(CATALOGUE.map(({ pid, available }) => [pid, available]))
  for (const { pid, quantity } of confirmed) left.set(pid, (left.get(pid) ?? 0) - quantity)
  return rows(run, 'inventory', 'SELECT pid, available FROM stock')
    .filter(({ pid, available }) => available !== left.get(pid))
    .map(({ pid, available }) => `product ${pid}: ${available} left instead of ${left.get(pid ?? 0)}`)
}

function moneyFaults(run: ShopRun, asked: readonly Asked[], confirmed: ReadonlySet<Asked>): string[] {
  const book = new Map(
    rows(run, 'payment', 'SELECT idempotencyKey, outcome, amountCents FROM provider_book').map((row) => [
      row['idempotencyKey'],
      row['outcome'] === 'done' ? Number(row['amountCents']) : 0,
    ]),
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

/** One Message-ID for each piece of news and channel; a repeat needs a kill of the notification service. */
function noticeFaults(run: ShopRun, asked: readonly Asked[]): string[] {
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
  const causes = kills.filter((fault) => fault.startsWith('notification.')).length
  const waiting = rows(run, 'notification', "SELECT id FROM notices WHERE status <> 'sent'").length
  return [
    ...faults,
    ...(repeats <= causes ? [] : [`${repeats} repeated notices from ${causes} kills`]),
    ...(waiting === 0 ? [] : [`${waiting} notices still to be sent`]),
  ]
}

/** What the notification service heard of an order, which has to be the order in which it happened. */
function historyFaults(run: ShopRun, asked: readonly Asked[]): string[] {
  const heard = new Map<unknown, string[]>()
  for (const { orderId, what } of rows(run, 'notification', 'SELECT * FROM order_history ORDER BY id'))
    heard.set(orderId, [...(heard.get(orderId) ?? []), String(what)])
  return asked.flatMap((one) => {
    const wanted = ['created', ...newsOf(one)].join()
    const is = (heard.get(one.orderId) ?? []).join()
    return is === wanted ? [] : [`history of ${one.orderId}: ${is} instead of ${wanted}`]
  })
}

/** What is told about an order is told once, and nothing waits to be told. */
function toldFaults(run: ShopRun): string[] {
  return SHOP.flatMap((service) => {
    const unsent = rows(run, service, 'SELECT id FROM rocketmq_outbox WHERE sent_at IS NULL').length
    const twice = rows(
      run,
      service,
      `SELECT aggregate_id, topic, tag, count(*) AS times FROM rocketmq_outbox
       WHERE topic LIKE '%\\_topic' ESCAPE '\\' AND topic <> 'price_topic'
       GROUP BY aggregate_id, topic, tag HAVING count(*) > 1`,
    )
    return [
      ...(unsent === 0 ? [] : [`${service}: ${unsent} events not sent`]),
      ...twice.map(
        (row) => `${row['aggregate_id']} ${row['topic']}:${row['tag']} was told ${row['times']} times`,
      ),
    ]
  })
}

/** How much there is to see; it stands still when nothing happens any more. */
export function progress(run: ShopRun): string {
  const counts = SHOP.map(
    (service) =>
      rows(
        run,
        service,
        `SELECT (SELECT count(*) FROM rocketmq_outbox) AS told,
          (SELECT count(*) FROM rocketmq_inbox) AS seen`,
      )[0],
  )
  return JSON.stringify([counts, run.received.length])
}

export function rows(run: ShopRun, service: ShopService, sql: string): Row[] {
  const database = new Database(join(run.dataDir, 'shop', `${service}.sqlite`), { timeout: 2_000 })
  try {
    return database.prepare(sql).all() as Row[]
  } finally {
    database.close()
  }
}
