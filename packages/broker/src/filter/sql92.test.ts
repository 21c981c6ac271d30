import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { CheckClientRequestBody, type SubscriptionData } from '@rockhopper/remoting'
import {
  type BrokerUnderTest,
  consumerData,
  heartbeat,
  SUBSCRIPTION,
  SUSPEND,
  startBroker,
  untilDispatched,
  untilWaiting,
  waitingPulls,
} from '../broker.fixture.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function start(config = {}, storeDir?: string): Promise<BrokerUnderTest> {
  const options = { config: { enablePropertyFilter: true, ...config } }
  const each = await startBroker(storeDir === undefined ? options : { ...options, storeDir })
  running.push(each)
  return each
}

const INLINE = { expressionType: 'SQL92', subscription: "amount > 100 AND region = 'eu'" }

/** Numbered messages; every third has amount 150, every second is in region eu. */
async function sendSome(each: BrokerUnderTest, count: number, topic = 'TopicTest'): Promise<void> {
  for (let i = 0; i < count; i++) {
    const properties = { amount: i % 3 === 0 ? '150' : '50', region: i % 2 === 0 ? 'eu' : 'us' }
    await each.send({ topic, body: String(i), properties })
  }
  await untilDispatched(each, topic, 0, count)
}

function subscription(subString: string, subVersion: number, topic = 'TopicTest'): SubscriptionData {
  const { subscriptionDataSet } = consumerData('cg', topic, subString, subVersion)
  return { ...(subscriptionDataSet[0] as SubscriptionData), expressionType: 'SQL92' }
}

async function subscribe(each: BrokerUnderTest, ...subscriptionDataSet: SubscriptionData[]): Promise<void> {
  const data = { ...consumerData('cg', 'TopicTest'), subscriptionDataSet }
  await heartbeat(each.client, each.broker.address, { clientID: 'c1', consumerDataSet: [data] })
}

const bodies = async (pull: ReturnType<BrokerUnderTest['pull']>) =>
  (await pull).messages.map(({ body }) => body.toString())

describe('a pull that brings its expression', () => {
  test('gets the messages whose properties fit, and goes on behind the others', async () => {
    const each = await start()
    await sendSome(each, 10)
    expect(await bodies(each.pull(INLINE))).toEqual(['0', '6'])
    const none = await each.pull({ ...INLINE, queueOffset: 7 })
    expect(none).toMatchObject({ code: 20, header: { nextBeginOffset: 10 } })
  })

  test('is refused with the position when wrong, and with the key to set when none is served', async () => {
    const each = await start()
    await sendSome(each, 1)
    expect(await each.pull({ ...INLINE, subscription: 'amount > ' })).toMatchObject({
      code: 23,
      remark: expect.stringContaining('found the end at position 9'),
    })
    expect((await each.pull({ ...INLINE, expressionType: 'SQL93' })).code).toBe(23)
    const off = await start({ enablePropertyFilter: false })
    await sendSome(off, 1)
    expect(await off.pull(INLINE)).toMatchObject({
      code: 1,
      remark: expect.stringContaining('The broker does not support consumer to filter message by SQL92'),
    })
  })

  test('sleeps through messages that do not fit', async () => {
    const each = await start()
    await sendSome(each, 1)
    const pull = each.pull({ ...INLINE, queueOffset: 1, sysFlag: SUBSCRIPTION | SUSPEND })
    await untilWaiting(each, 1)
    await each.send({ body: 'no', properties: { amount: '150', region: 'us' } })
    await untilDispatched(each, 'TopicTest', 0, 2)
    expect(await waitingPulls(each)).toBe(1)
    await each.send({ body: 'yes', properties: { amount: '150', region: 'eu' } })
    expect(await bodies(pull)).toEqual(['yes'])
  })
})

describe('a group whose heartbeat brought the expression', () => {
  const PULL = { sysFlag: 0, subVersion: 7 }

  test('gets what fits; a newer expression replaces the older, an older one does not', async () => {
    const each = await start()
    await sendSome(each, 6)
    await subscribe(each, subscription('amount > 100', 7))
    expect(await bodies(each.pull(PULL))).toEqual(['0', '3'])
    await subscribe(each, subscription("region = 'us'", 8))
    expect(await bodies(each.pull({ ...PULL, subVersion: 8 }))).toEqual(['1', '3', '5'])
    await subscribe(each, subscription('amount > 100', 7))
    expect(await bodies(each.pull(PULL))).toEqual(['1', '3', '5'])
  })

  test('is told that its expression may be wrong, or that the broker does not know the newest', async () => {
    const each = await start()
    await sendSome(each, 1)
    await subscribe(each, subscription('amount >', 7))
    expect((await each.pull(PULL)).code).toBe(27)
    await subscribe(each, subscription('amount > 100', 8))
    expect((await each.pull({ ...PULL, subVersion: 8 })).code).toBe(0)
    expect((await each.pull({ ...PULL, subVersion: 9 })).code).toBe(25)
  })

  test('keeps it over a restart, in the form of Apache', async () => {
    const each = await start()
    await sendSome(each, 2)
    await subscribe(each, subscription('amount > 100', 7))
    running.pop()
    await each.stop({ keepStore: true })
    const file = join(each.storeDir, 'config/consumerFilter.json')
    const saved = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>
    expect(saved['filterDataByTopic']?.['TopicTest']).toMatchObject({
      topic: 'TopicTest',
      groupFilterData: { cg: { consumerGroup: 'cg', topic: 'TopicTest', expression: 'amount > 100' } },
    })
    const again = await start({}, each.storeDir)
    // The filter of the file is of version 7: this heartbeat does not change it.
    await subscribe(again, subscription('amount > 200', 7))
    expect(await bodies(again.pull(PULL))).toEqual(['0'])
  })

  test('a filter of the file that does not compile lets nothing through', async () => {
    const each = await start()
    await sendSome(each, 1)
    await subscribe(each, subscription('amount > 100', 7))
    running.pop()
    await each.stop({ keepStore: true })
    const file = join(each.storeDir, 'config/consumerFilter.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace('amount > 100', 'amount >'))
    const again = await start({}, each.storeDir)
    await subscribe(again, subscription('amount >', 7))
    expect((await again.pull(PULL)).code).toBe(27)
  })

  test('its retry topic is filtered by the original topic only when filterSupportRetry is on', async () => {
    const topic = '%RETRY%cg'
    for (const [filterSupportRetry, expected] of [
      [false, ['small', 'large']],
      [true, ['large']],
    ] as const) {
      const each = await start({ filterSupportRetry })
      await subscribe(each, subscription('amount > 100', 7), subscription('a IS NULL', 7, topic))
      for (const [body, amount] of [['small', '50'] as const, ['large', '150'] as const])
        await each.send({ topic, body, properties: { amount, RETRY_TOPIC: 'TopicTest' } })
      await untilDispatched(each, topic, 0, 2)
      expect(await bodies(each.pull({ ...PULL, topic }))).toEqual(expected)
    }
  })
})

test.each([
  [true, 'amount > 100', 0, undefined],
  [true, 'amount BETWEEN 5 AND 1', 23, 'the lower bound of BETWEEN is above the upper one at position 15'],
  [false, 'amount > 100', 1, 'set enablePropertyFilter=true in broker.conf'],
])(
  'with enablePropertyFilter %p a client that checks %j is told %p',
  async (on, expression, code, remark) => {
    const each = await start({ enablePropertyFilter: on })
    const subscriptionData = subscription(expression, 1)
    const body = CheckClientRequestBody.encode({
      clientId: 'c1',
      group: 'cg',
      namespace: undefined,
      subscriptionData,
    })
    const answer = await each.client.invoke(each.broker.address, 'CHECK_CLIENT_CONFIG', {}, body)
    expect(answer.code).toBe(code)
    if (remark !== undefined) expect(answer.remark).toContain(remark)
  },
)

test('a read ends when its filter took 5 ms, behind the message it looked at', async () => {
  const { FilteredRead } = await import('./record-filter.js')
  let now = 0
  const clock = { monotonic: () => now } as unknown as ConstructorParameters<typeof FilteredRead>[0]
  const each = await start()
  await sendSome(each, 10)
  const { matchesProperties, enough } = new FilteredRead(clock, () => {
    now += 2
    return true
  })
  const result = await each.broker.store.getMessage({
    topic: 'TopicTest',
    queueId: 0,
    queueOffset: 0,
    countMax: 32,
    matchesProperties,
    enough,
  })
  expect(result).toMatchObject({ status: 'FOUND', nextBeginOffset: 3 })
  expect(result.records.length).toBe(3)
})
