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
      const wanted = isPossible(one) ? 'CONFIRMED' : 'CANCELLED'
      const ended = status.get(one.orderId)
      return ended === wanted ? [] : [`${one.orderId} ended as ${ended} instead of ${wanted}`]
    }),
    ...stockFaults(run, confirmed),
    ...moneyFaults(run, asked, confirmed),
    ...noticeFaults(run, asked, confirmed),
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

/** One distinct Message-ID per customer and channel; a repeat needs a kill of the notification service. */
function noticeFaults(run: ShopRun, asked: readonly Asked[], confirmed: ReadonlySet<Asked>): string[] {
  const { kills } = run.processes
  const { received } = run
  const faults = asked.flatMap((one) =>
    (['mail', 'sms'] as const).flatMap((channel) => {
      const to = channel === 'mail' ? one.email : one.phone
      const ids = received.filter((message) => message.channel === channel && message.to === to)
      const wanted = confirmed.has(one) ? 1 : 0
      return ids.length === wanted
        ? []
        : [`${one.orderId}: ${ids.length} distinct ${channel} ids instead of ${wanted}`]
    }),
  )
  const repeats = received.reduce((sum, { count }) => sum + count - 1, 0)
  const causes = kills.filter((fault) => fault.startsWith('notification.')).length
  const waiting = rows(run, 'notification', "SELECT id FROM notices WHERE status <> 'sent'").length
  return [
    ...faults,
    ...(repeats <= causes ? [] : [`${repeats} repeated notices from ${causes} kills`]),
    ...(waiting === 0 ? [] : [`${waiting} notices still to be sent`]),
  ]
}

/** What is told about an order is told once, and nothing waits to be told. */
function toldFaults(run: ShopRun): string[] {
  return SHOP.flatMap((service) => {
    const unsent = rows(run, service, 'SELECT id FROM rocketmq_outbox WHERE sent_at IS NULL').length
    const twice = rows(
      run,
      service,
      `SELECT aggregate_id, topic, tag, count(*) AS times FROM rocketmq_outbox
       WHERE topic LIKE '%\\_topic' ESCAPE '\\' GROUP BY aggregate_id, topic, tag HAVING count(*) > 1`,
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
