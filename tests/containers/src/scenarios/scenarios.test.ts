import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { logPlans, seckillPlans, shopPlans } from '@rockhopper/demo'
import { RocketMQContainer } from '@rockhopper/testing/containers'
import { availableImage } from '../engine.fixture.js'
import { applyTopics, ScenarioRun, settled } from './scenario-run.fixture.js'

const image = availableImage('rocketmq')
const describeHere = image === undefined ? describe.skip : describe
const TIMEOUT_MS = 180_000

/** Apache's own broker.conf but for this: nothing is made on demand. */
const NOTHING_ON_DEMAND = {
  autoCreateTopicEnable: false,
  autoCreateSubscriptionGroup: false,
  enablePropertyFilter: false,
}

describeHere('the scenarios on Apache RocketMQ, by its address only', () => {
  let mq: RocketMQContainer
  const address = () => mq.nameserverAddress

  beforeAll(async () => {
    mq = await RocketMQContainer.start({ image: image ?? '', config: NOTHING_ON_DEMAND })
  }, TIMEOUT_MS)

  afterAll(() => mq.stop(), TIMEOUT_MS)

  test(
    'a service names what the broker lacks and the command that makes it; that makes it, once',
    async () => {
      const file = 'apps/shop/topics.yaml'
      await using shop = await ScenarioRun.plan(shopPlans, address())
      const command = `rockhopper topics apply -f ${file} -n '${address()}'`
      await expect(shop.start(['inventory'])).rejects.toThrow(command)
      const planned = await applyTopics(file, address(), '--dry-run')
      expect(planned).toMatch(/topic order_topic at \S+ would be made: readQueueNums 4, /)
      expect(planned).toMatch(/\n\d+ would be made\n$/)
      for (const scenario of ['shop', 'logs', 'seckill']) {
        const path = `apps/${scenario}/topics.yaml`
        expect(await applyTopics(path, address())).toMatch(/\n\d+ made\n$/)
        expect(await applyTopics(path, address())).toMatch(/\n\d+ as wanted\n$/)
      }
    },
    TIMEOUT_MS,
  )

  test(
    'shop: orders are confirmed, one that cannot be paid is cancelled, customers hear of it',
    () => shopScenario(address()),
    TIMEOUT_MS,
  )

  test(
    'logs: lines are stored once and counted once, also when their batch comes twice',
    () => logScenario(address()),
    TIMEOUT_MS,
  )

  test(
    'seckill: the first five of twelve win, one pays, what the others do not pay comes back after a delay',
    () => seckillScenario(address()),
    TIMEOUT_MS,
  )
})

async function shopScenario(namesrvAddr: string): Promise<void> {
  await using shop = await ScenarioRun.plan(shopPlans, namesrvAddr)
  await shop.start(['order', 'inventory', 'payment', 'notification', 'user'])
  const ada = { id: 'c-1', name: 'Ada', email: 'ada@example.com', phone: '+14155550101' }
  const place = async (key: string, pid: number, quantity: number) => {
    const order = { customer: ada, items: [{ pid, quantity }] }
    const answer = await shop.post<{ id: string }>('order', '/orders', order, { 'idempotency-key': key })
    expect(answer.status).toBe(202)
    return answer.body.id
  }
  const good = await Promise.all(['a', 'b', 'c'].map((key) => place(key, 2, 1)))
  const dear = await place('d', 1, 100)
  expect((await shop.post('user', '/users', { ...ada, id: undefined })).status).toBe(201)
  const orders = await settled(
    () => shop.get<{ id: string; status: string }[]>('order', '/orders'),
    (all) => all.every(({ status }) => status !== 'PENDING'),
  )
  const statusOf = new Map(orders.map(({ id, status }) => [id, status]))
  expect([...good, dear].map((id) => statusOf.get(id))).toEqual([
    'CONFIRMED',
    'CONFIRMED',
    'CONFIRMED',
    'CANCELLED',
  ])
  const stock = await settled(
    () => shop.get<{ pid: number; available: number }[]>('inventory', '/stock'),
    (rows) => rows.some(({ pid, available }) => pid === 1 && available === 10_000),
  )
  const left = new Map(stock.map(({ pid, available }) => [pid, available]))
  expect([left.get(1), left.get(2)]).toEqual([10_000, 9_997])
  // Of each confirmed order and of the registration one mail and one SMS.
  const told = (channel: string) =>
    shop.received.filter((one) => one.channel === channel && /reserved for you|is ready/.test(one.text))
  await settled(
    async () => told('mail').length + told('sms').length,
    (count) => count >= 8,
  )
  expect([told('mail').length, told('sms').length]).toEqual([4, 4])
}

async function logScenario(namesrvAddr: string): Promise<void> {
  await using logs = await ScenarioRun.plan(logPlans, namesrvAddr)
  await logs.start(['collector', 'storage', 'analytics'], { LOG_STORAGE_LINGER_MS: '100' })
  const lines = Array.from({ length: 300 }, (_, index) =>
    JSON.stringify({ time: Date.now(), level: 'info', service: 'cart', message: `line ${index}` }),
  )
  for (const batchId of ['one', 'one', 'two']) {
    const { status } = await logs.post('collector', '/logs', lines.join('\n'), { 'x-batch-id': batchId })
    expect(status).toBe(202)
  }
  const stored = await settled(
    () => logs.get<{ stored: number; repeated: number }[]>('storage', '/storage'),
    ([sink]) => sink !== undefined && sink.stored + sink.repeated >= 900,
  )
  expect(stored).toMatchObject([{ sink: 'local', stored: 600, repeated: 300 }])
  const counted = await settled(
    () => logs.get<{ lines: number; repeated: number }>('analytics', '/analytics'),
    (state) => state.lines + state.repeated >= 900,
  )
  expect(counted).toMatchObject({ lines: 600, repeated: 300, late: 0 })
}

async function seckillScenario(namesrvAddr: string): Promise<void> {
  await using seckill = await ScenarioRun.plan(seckillPlans, namesrvAddr)
  await seckill.start(['api', 'worker', 'notifier'], { SECKILL_PAY_WITHIN_S: '5' })
  const campaign = { campaignId: 'c', items: [{ itemId: 'i', stock: 5 }] }
  expect((await seckill.post('worker', '/campaigns', campaign)).status).toBe(201)
  const users = Array.from({ length: 12 }, (_, index) => `u-${index}`)
  const tickets: string[] = []
  for (const userId of [...users, ...users]) {
    const path = '/campaigns/c/items/i/requests'
    // A busy machine may answer too late to be believed: the user comes again.
    const { status, body } = await settled(
      () => seckill.post<{ ticket: string }>('api', path, { userId }),
      (answer) => answer.status !== 503,
    )
    if (status === 202) tickets.push(body.ticket)
    else expect(status).toBe(409)
  }
  const outcomeOf = (ticket: string) =>
    settled(
      () => seckill.get<{ outcome?: string }>('api', `/tickets/${ticket}`),
      ({ outcome }) => outcome !== undefined,
    )
  const answers = await Promise.all(tickets.map(outcomeOf))
  const won = [...new Set(tickets.filter((_, index) => answers[index]?.outcome === 'won'))]
  expect(won).toEqual([...new Set(tickets)].slice(0, 5))
  // A second time it is paid already: who had no answer asks again.
  const paying = await settled(
    () => seckill.post('api', `/tickets/${won[0]}/payment`, {}),
    ({ status }) => status !== 503,
  )
  expect(paying.status).toBe(200)
  const outcomes = await settled(
    async () => (await seckill.get<{ outcomes: Record<string, number> }>('worker', '/campaigns/c')).outcomes,
    ({ released }) => released === 4,
  )
  expect(outcomes).toMatchObject({ paid: 1, released: 4 })
  // Five that they won, four that it is taken back.
  const pushed = await settled(
    async () => seckill.received.length,
    (count) => count >= 9,
  )
  expect(pushed).toBe(9)
}
