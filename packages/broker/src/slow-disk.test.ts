import { afterEach, expect, test } from '@jest/globals'
import { type DiskOperation, type Fault, FaultDisk } from '@rockhopper/sim'
import {
  type BrokerUnderTest,
  consumerData,
  heartbeat,
  startBroker,
  untilDispatched,
} from './broker.fixture.js'
import type { BrokerConfig } from './config.js'

const OVERDUE = new RegExp(
  '^\\[TIMEOUT_CLEAN_QUEUE\\]broker busy, start flow control for a while, ' +
    'period in queue: \\d+ms, size of queue: \\d+$',
)

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

/** A broker whose log is on a disk with faults. */
async function start(config: Partial<BrokerConfig> = {}) {
  let disk: FaultDisk | undefined
  const each = await startBroker({
    config,
    disk: (inner, clock) => {
      disk = new FaultDisk(inner, { clock })
      return disk
    },
  })
  running.push(each)
  const onLog = (kind: DiskOperation['kind'], fault: () => Fault) => {
    const faults = disk as FaultDisk
    faults.fault = ({ kind: found, path }) =>
      found === kind && path.includes('/commitlog/') ? fault() : undefined
  }
  return { each, onLog }
}

type Answer = Awaited<ReturnType<BrokerUnderTest['send']>>

function later(asked: Promise<Answer>): { answer?: Answer } {
  const found: { answer?: Answer } = {}
  void asked.then((answer) => {
    found.answer = answer
  })
  return found
}

/** Requests that need no write are answered although no time passes. */
async function expectOthersServed({ client, broker, pull }: BrokerUnderTest): Promise<void> {
  const beat = { clientID: 'a', consumerDataSet: [consumerData('cg', 'TopicTest')] }
  expect((await heartbeat(client, broker.address, beat)).code).toBe(0)
  const pulled = await pull({})
  expect([pulled.code, pulled.messages[0]?.queueOffset]).toEqual([0, 0])
  const commit = { consumerGroup: 'cg', topic: 'TopicTest', queueId: 0, commitOffset: 1 }
  expect((await client.invoke(broker.address, 'UPDATE_CONSUMER_OFFSET', commit)).code).toBe(0)
}

test('behind a slow write a send is answered 2 after 200 ms, after a second at once', async () => {
  const { each, onLog } = await start()
  onLog('write', () => {
    each.clock.skip(20)
    return undefined
  })
  expect((await each.send({ body: 'slow' })).code).toBe(0)
  await untilDispatched(each, 'TopicTest', 0, 1)
  // The next write is on the pool.
  onLog('write', () => ({ slowMs: 3_000 }))
  const underWay = later(each.send({ body: 'under way' }))
  await each.clock.advance(10)
  const behind = [later(each.send({})), later(each.send({ properties: { DELAY: '1' } }))]
  await each.clock.advance(150)
  expect(behind.map(({ answer }) => answer)).toEqual([undefined, undefined])
  await expectOthersServed(each)
  await each.clock.advance(60)
  for (const { answer } of behind) {
    expect(answer).toMatchObject({
      code: 2,
      remark: expect.stringMatching(OVERDUE),
    })
  }
  await each.clock.advance(1_000)
  for (const send of [{}, { properties: { DELAY: '1' } }]) {
    expect(await each.send(send)).toMatchObject({
      code: 2,
      remark: expect.stringMatching(/^\[PC_SYNCHRONIZED\]broker busy, start flow control for a while/),
    })
  }
  await expectOthersServed(each)
  expect(underWay.answer).toBeUndefined()
  onLog('write', () => undefined)
  await each.clock.advance(2_000)
  expect(underWay.answer?.code).toBe(0)
  expect((await each.send({ body: 'after' })).code).toBe(0)
  await untilDispatched(each, 'TopicTest', 0, 3)
  const texts = (await each.pull({ queueOffset: 1 })).messages.map(({ body }) => body.toString())
  expect(texts).toEqual(['under way', 'after'])
})

test.each([
  ['of 300 ms', { slowMs: 300 }, 300, 0],
  ['of 6 s', { slowMs: 6_000 }, 5_000, 10],
  ['of an hour', { slowMs: 3_600_000 }, 5_000, 10],
] as const)('a sync %s holds up nobody but the sends that wait for it', async (_, fault, ms, code) => {
  const { each, onLog } = await start({ flushDiskType: 'SYNC_FLUSH' })
  expect((await each.send({})).code).toBe(0)
  await untilDispatched(each, 'TopicTest', 0, 1)
  onLog('sync', () => fault)
  const asked = [each.send({}), each.send({ properties: { DELAY: '1' } })]
  const sends = asked.map(later)
  await each.clock.advance(ms - 20)
  expect(sends.map(({ answer }) => answer)).toEqual([undefined, undefined])
  await expectOthersServed(each)
  const answers = await each.clock.during(Promise.all(asked))
  expect(answers.map((answer) => answer.code)).toEqual([code, code])
  // Its offsets are told: the message may become durable yet.
  expect(answers[0]?.header.queueOffset).toBe(1)
  await expectOthersServed(each)
  // Its end, so that the broker can stop.
  onLog('sync', () => undefined)
  each.clock.skip(fault.slowMs)
})
