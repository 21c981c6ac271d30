import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { type BrokerUnderTest, eventually, startBroker } from '../broker.fixture.js'
import {
  COMMIT,
  end,
  half,
  placeOf,
  producer,
  ROLLBACK,
  sendHalf,
  UNKNOWN,
  visible,
} from './transaction.fixture.js'

let each: BrokerUnderTest | undefined
afterEach(async () => {
  await each?.stop()
  each = undefined
})

/** The topic exists and holds one ordinary message. */
async function started(config: Parameters<typeof startBroker>[0] = {}): Promise<BrokerUnderTest> {
  each = await startBroker(config)
  await each.send({ body: 'plain' })
  return each
}

/** Until what was acknowledged is dispatched. */
const untilVisible = (broker: BrokerUnderTest, bodies: string[]) =>
  eventually(
    () => visible(broker),
    (seen) => seen.length === bodies.length,
  ).then((seen) => expect(seen).toEqual(bodies))

test('a committed message is visible, a rolled back one and an open one are not', async () => {
  const broker = await started()
  const committed = await half(broker, 'K1')
  const rolledBack = await half(broker, 'K2')
  const open = await half(broker, 'K3')
  expect(await end(broker, rolledBack, ROLLBACK)).toBe(0)
  expect(await end(broker, open, UNKNOWN)).toBe(0)
  expect(await end(broker, committed, COMMIT)).toBe(0)
  await untilVisible(broker, ['plain', 'K1'])
})

test('a committed message keeps properties, flag, body and queue, and tells its half message', async () => {
  const broker = await started()
  const header = { sysFlag: 5, flag: 7, queueId: 2 }
  const place = await half(broker, 'K1', { body: 'bytes', header, properties: { TAGS: 'a', own: 'x' } })
  await end(broker, place, COMMIT)
  const { messages } = await eventually(
    () => broker.pull({ queueId: 2, subscription: 'a' }),
    (answer) => answer.code === 0,
  )
  expect(messages).toMatchObject([
    {
      topic: 'TopicTest',
      queueId: 2,
      flag: 7,
      sysFlag: 9,
      preparedTransactionOffset: place.physicalOffset,
      properties: { TAGS: 'a', own: 'x', TRAN_MSG: 'true', REAL_TOPIC: 'TopicTest', __transactionId__: 'K1' },
    },
  ])
})

test.each([
  ['a commit', COMMIT, ROLLBACK, ['plain', 'K1']],
  ['a rollback', ROLLBACK, COMMIT, ['plain']],
  ['a commit twice', COMMIT, COMMIT, ['plain', 'K1']],
])('the first decision wins: %s', async (_, first, second, seen) => {
  const broker = await started()
  const place = await half(broker, 'K1')
  const codes = await Promise.all([end(broker, place, first), end(broker, place, second)])
  expect(codes).toEqual([0, 1])
  expect(await end(broker, place, second)).toBe(1)
  await half(broker, 'K2').then((next) => end(broker, next, COMMIT))
  await untilVisible(broker, [...seen, 'K2'])
})

test.each([
  ['another group', { producerGroup: 'other' }],
  ['another queue offset', { tranStateTableOffset: 5 }],
  ['a physical offset without a half message', { commitLogOffset: 0 }],
  ['a physical offset within a record', { commitLogOffset: 3 }],
])('an end with %s is refused with 1', async (_, header) => {
  const broker = await started()
  const place = await half(broker, 'K1')
  expect(await end(broker, place, COMMIT, header)).toBe(1)
  expect(await end(broker, place, COMMIT)).toBe(0)
})

// R32
test('clients can neither read nor write the half topic and the op topic', async () => {
  const broker = await started()
  await half(broker, 'K1')
  for (const topic of ['RMQ_SYS_TRANS_HALF_TOPIC', 'RMQ_SYS_TRANS_OP_HALF_TOPIC']) {
    expect(await broker.pull({ topic })).toMatchObject({ code: 16, messages: [] })
    expect((await broker.send({ topic })).code).toBe(16)
  }
})

test('rejectTransactionMessage refuses half messages with 16', async () => {
  const broker = await started({ config: { rejectTransactionMessage: true } })
  const { code, remark } = await sendHalf(broker, 'K1')
  expect({ code, remark }).toEqual({
    code: 16,
    remark: 'the broker[] sending transaction message is forbidden',
  })
})

test('after CHECK_IMMUNITY_TIME_IN_SECONDS only the answer to a check counts', async () => {
  const broker = await started()
  const place = await half(broker, 'K1', { properties: { CHECK_IMMUNITY_TIME_IN_SECONDS: '10' } })
  await broker.clock.advance(10_001)
  expect(await end(broker, place, COMMIT)).toBe(604)
  expect(await end(broker, place, COMMIT, { fromTransactionCheck: true })).toBe(0)
})

// R32
test('nobody is asked before transactionTimeOut, then any member of the group', async () => {
  const broker = await started()
  const members = [await producer(broker, 'c1'), await producer(broker, 'c2')]
  const asked = () => members.map(({ checks }) => checks.map((check) => check.msgId))
  await broker.clock.advance(25_000)
  await half(broker, 'K1')
  await broker.clock.advance(5_500)
  expect(asked()).toEqual([[], []])
  await broker.clock.advance(30_000)
  expect(asked().flat()).toEqual(['K1'])
  await broker.clock.advance(30_000)
  expect(asked()).toEqual([['K1'], ['K1']])
})

test('a check names the half message where it lies now, and carries the message itself', async () => {
  const broker = await started()
  const { checks } = await producer(broker, 'c1')
  const first = await half(broker, 'K1', { header: { queueId: 3 } })
  await broker.clock.advance(40_000)
  expect(checks).toHaveLength(1)
  const [check] = checks
  expect(check).toMatchObject({
    topic: 'RMQ_SYS_TRANS_HALF_TOPIC',
    transactionId: 'K1',
    tranStateTableOffset: first.queueOffset + 1,
    message: { topic: 'TopicTest', queueId: 3, properties: { TRANSACTION_CHECK_TIMES: '1', PGROUP: 'pg' } },
  })
  expect(check?.message.body.toString()).toBe('K1')
  expect(check?.message.physicalOffset).toBe(check?.commitLogOffset)
})

// R32
test('an answer to a check decides, and later answers under any offset come too late', async () => {
  const broker = await started()
  const { checks } = await producer(broker, 'c1')
  const first = await half(broker, 'K1')
  await broker.clock.advance(70_000)
  expect(checks).toHaveLength(2)
  const [second, third] = checks.map(placeOf)
  if (second === undefined || third === undefined) throw new Error('no check')
  expect(await end(broker, second, COMMIT, { fromTransactionCheck: true })).toBe(0)
  for (const place of [first, second, third]) expect(await end(broker, place, ROLLBACK)).toBe(1)
  await untilVisible(broker, ['plain', 'K1'])
  await broker.clock.advance(120_000)
  expect(checks).toHaveLength(2)
})

test('a slow producer may still end its transaction under the first offsets', async () => {
  const broker = await started()
  const { checks } = await producer(broker, 'c1')
  const first = await half(broker, 'K1')
  await broker.clock.advance(40_000)
  expect(checks).toHaveLength(1)
  expect(await end(broker, first, COMMIT)).toBe(0)
  await broker.clock.advance(120_000)
  expect(checks).toHaveLength(1)
  await untilVisible(broker, ['plain', 'K1'])
})

// R32
test('after transactionCheckMax checks the message is discarded, and can be asked about again', async () => {
  const broker = await started({ config: { transactionCheckMax: 3, transactionCheckInterval: 10_000 } })
  const { checks } = await producer(broker, 'c1')
  await half(broker, 'K1')
  await broker.clock.advance(60_000)
  expect(checks.map(({ message }) => message.properties['TRANSACTION_CHECK_TIMES'])).toEqual(['1', '2', '3'])
  const { messages } = await eventually(
    () => broker.pull({ topic: 'TRANS_CHECK_MAX_TIME_TOPIC' }),
    ({ code }) => code === 0,
  )
  expect(messages.map(({ body }) => body.toString())).toEqual(['K1'])
  const { storeHost, physicalOffset } = messages[0] as (typeof messages)[0]
  const address = storeHost.address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  const port = storeHost.port.toString(16).padStart(8, '0')
  const msgId = `${address.join('')}${port}${physicalOffset.toString(16).padStart(16, '0')}`.toUpperCase()
  const { client, clock } = broker
  const resumed = await client.invoke(broker.broker.address, 'RESUME_CHECK_HALF_MESSAGE', { msgId })
  expect(resumed.code).toBe(0)
  await clock.advance(25_000)
  expect(checks.length).toBeGreaterThan(3)
  expect(await end(broker, placeOf(checks.at(-1) as (typeof checks)[0]), COMMIT)).toBe(0)
  await untilVisible(broker, ['plain', 'K1'])
})

test('a commit that comes after the discard is kept all the same', async () => {
  const broker = await started({ config: { transactionCheckMax: 1 } })
  const { checks } = await producer(broker, 'c1')
  const first = await half(broker, 'K1')
  await broker.clock.advance(120_000)
  expect(checks).toHaveLength(1)
  expect(await end(broker, first, COMMIT)).toBe(0)
  expect(await end(broker, first, COMMIT)).toBe(1)
  await untilVisible(broker, ['plain', 'K1'])
})

test('a message that asks for a longer immunity is checked later and holds no other back', async () => {
  const broker = await started({ config: { transactionCheckMax: 2 } })
  const { checks } = await producer(broker, 'c1')
  await half(broker, 'K1', { properties: { CHECK_IMMUNITY_TIME_IN_SECONDS: '100' } })
  await half(broker, 'K2')
  await broker.clock.advance(95_000)
  expect(new Set(checks.map(({ msgId }) => msgId))).toEqual(new Set(['K2']))
  await broker.clock.advance(35_000)
  const last = await eventually(
    async () => checks.at(-1),
    (check) => check?.msgId === 'K1',
  )
  expect(last).toMatchObject({
    message: { properties: { TRANSACTION_CHECK_TIMES: '1', TRAN_PREPARED_QUEUE_OFFSET: '0' } },
  })
})

test('decisions and open half messages outlive a restart of the broker', async () => {
  const before = await started()
  const committed = await half(before, 'K1')
  const rolledBack = await half(before, 'K2')
  await half(before, 'K3')
  await end(before, committed, COMMIT)
  await end(before, rolledBack, ROLLBACK)
  await before.stop({ keepStore: true })
  each = await startBroker({ storeDir: before.storeDir })
  const after = each
  expect(await end(after, committed, COMMIT)).toBe(1)
  expect(await end(after, rolledBack, COMMIT)).toBe(1)
  const { checks } = await producer(after, 'c1')
  await after.clock.advance(60_000)
  expect(new Set(checks.map(({ msgId }) => msgId))).toEqual(new Set(['K3']))
  await untilVisible(after, ['plain', 'K1'])
})

/** On a copy of a running broker's store, as a kill would leave it: how far the checks came was not saved. */
async function startedAfterKill(before: BrokerUnderTest): Promise<BrokerUnderTest> {
  const storeDir = `${before.storeDir}-killed`
  cpSync(before.storeDir, storeDir, { recursive: true })
  for (const name of ['config/consumerOffset.json', 'lock']) rmSync(join(storeDir, name), { force: true })
  await before.stop()
  each = await startBroker({ storeDir })
  // Its clock begins where that of the other one did.
  await each.clock.advance(101_000)
  return each
}

// Nothing tells of the copies but the half topic: no op message is written.
const withoutOps = { config: { transactionOpBatchInterval: 86_400_000 } }

test('a broker that was killed after checks asks about a message once, not about each copy', async () => {
  const before = await started(withoutOps)
  await half(before, 'K1')
  await before.clock.advance(100_000)
  const after = await startedAfterKill(before)
  const { checks } = await producer(after, 'c2')
  await after.clock.advance(60_000)
  const times = checks.map(({ message }) => Number(message.properties['TRANSACTION_CHECK_TIMES']))
  expect(times.length).toBeGreaterThan(1)
  expect(times).toEqual(times.map((_, i) => (times[0] ?? 0) + i))
})

test('two messages that were sent with one key stay two for a broker that was killed', async () => {
  const before = await started(withoutOps)
  const places = [await half(before, 'K1'), await half(before, 'K1')]
  const after = await startedAfterKill(before)
  for (const place of places) expect(await end(after, place, COMMIT)).toBe(0)
  await untilVisible(after, ['plain', 'K1', 'K1'])
})

test('half messages without a decision are counted by topic in config/transactionMetrics', async () => {
  const broker = await started()
  const places = [await half(broker, 'K1'), await half(broker, 'K2'), await half(broker, 'K3')]
  await end(broker, places[0] as (typeof places)[0], COMMIT)
  await broker.stop({ keepStore: true })
  each = undefined
  const text = readFileSync(join(broker.storeDir, 'config', 'transactionMetrics'), 'utf8')
  rmSync(broker.storeDir, { recursive: true, force: true })
  expect(JSON.parse(text)).toMatchObject({ transactionCount: { TopicTest: { count: 2 } } })
})
