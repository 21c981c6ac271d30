import { cpSync, existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { KVTable } from '@rockhopper/remoting'
import {
  type BrokerUnderTest,
  eventually,
  type SendOptions,
  type StartOptions,
  startBroker,
} from '../broker.fixture.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function start(options: StartOptions = {}): Promise<BrokerUnderTest> {
  const each = await startBroker(options)
  running.push(each)
  await toFullSecond(each)
  return each
}

async function toFullSecond({ clock }: BrokerUnderTest): Promise<void> {
  await clock.advance(1_000 - (clock.now() % 1_000))
}

let ids = 0
const timed = (properties: Record<string, string>, more: SendOptions = {}): SendOptions => ({
  ...more,
  properties: { UNIQ_KEY: `7F0000010001${ids++}`, ...properties },
})

async function bodies(each: BrokerUnderTest): Promise<string[]> {
  const found: string[] = []
  for (;;) {
    const { messages } = await each.pull({ queueOffset: found.length })
    if (messages.length === 0) return found
    found.push(...messages.map(({ body }) => body.toString()))
  }
}

async function info({ broker, client }: BrokerUnderTest): Promise<ReadonlyMap<string, string>> {
  const { body } = await client.invoke(broker.address, 'GET_BROKER_RUNTIME_INFO', {})
  return KVTable.decode(body).table
}

/** Until everything that was parked is in the wheel. */
async function enqueued(each: BrokerUnderTest): Promise<void> {
  await eventually(
    async () => Number((await info(each)).get('timerOffsetBehind')),
    (behind) => behind === 0,
  )
}

async function delivered(each: BrokerUnderTest, wanted: readonly string[]): Promise<void> {
  await eventually(
    () => bodies(each),
    (found) => found.length >= wanted.length,
  )
  expect(await bodies(each)).toEqual(wanted)
}

describe('a message with a time of its own', () => {
  // R33
  test('comes when its time is there, not before', async () => {
    const each = await start()
    const now = each.clock.now()
    await each.send(timed({ TIMER_DELAY_SEC: '5' }, { body: 'five seconds' }))
    await each.send(timed({ TIMER_DELAY_MS: '2500' }, { body: '2.5 seconds' }))
    await each.send(timed({ TIMER_DELIVER_MS: String(now + 4_000) }, { body: 'at four' }))
    await each.send(timed({}, { body: 'at once' }))
    await enqueued(each)
    await each.clock.advance(2_499)
    expect(await bodies(each)).toEqual(['at once'])
    await each.clock.advance(501)
    await delivered(each, ['at once', '2.5 seconds'])
    await each.clock.advance(999)
    expect(await bodies(each)).toEqual(['at once', '2.5 seconds'])
    await each.clock.advance(1)
    await delivered(each, ['at once', '2.5 seconds', 'at four'])
    await each.clock.advance(1_000)
    await delivered(each, ['at once', '2.5 seconds', 'at four', 'five seconds'])
  })

  test('keeps its id and tells the consumer what it went through', async () => {
    const each = await start()
    const now = each.clock.now()
    await each.send(timed({ TIMER_DELAY_SEC: '3', UNIQ_KEY: 'ID1', TAGS: 'a' }))
    await enqueued(each)
    await each.clock.advance(3_000)
    await delivered(each, ['hello'])
    const { messages } = await each.pull({})
    expect(messages[0]?.properties).toMatchObject({
      UNIQ_KEY: 'ID1',
      TAGS: 'a',
      TIMER_DELAY_SEC: '3',
      TIMER_OUT_MS: String(now + 2_000),
      TIMER_ENQUEUE_MS: String(now),
      TIMER_DEQUEUE_MS: String(now + 3_000),
      REAL_TOPIC: 'TopicTest',
      REAL_QID: '0',
    })
  })

  test('whose time is past is stored at once', async () => {
    const each = await start()
    await each.send(timed({ TIMER_DELIVER_MS: String(each.clock.now() - 1) }, { body: 'past' }))
    await delivered(each, ['past'])
    expect(each.broker.store.maxOffset('rmq_sys_wheel_timer', 0)).toBe(0)
  })

  test('comes once after a restart, also one that became due meanwhile', async () => {
    const first = await startBroker()
    await toFullSecond(first)
    await first.send(timed({ TIMER_DELAY_SEC: '1' }, { body: 'before' }))
    await first.send(timed({ TIMER_DELAY_SEC: '10' }, { body: 'after' }))
    await enqueued(first)
    await first.clock.advance(1_000)
    await delivered(first, ['before'])
    await first.stop({ keepStore: true })
    const second = await start({ storeDir: first.storeDir })
    await second.clock.advance(20_000)
    await delivered(second, ['before', 'after'])
  })

  // R33
  test('survives a kill before the wheel was written', async () => {
    const first = await start()
    await first.send(timed({ TIMER_DELAY_SEC: '4' }, { body: 'kept' }))
    const copy = mkdtempSync(join(tmpdir(), 'rockhopper-timer-'))
    cpSync(first.storeDir, copy, { recursive: true })
    expect(existsSync(join(copy, 'timerwheel'))).toBe(false)
    const second = await start({ storeDir: copy })
    await enqueued(second)
    await second.clock.advance(4_000)
    await delivered(second, ['kept'])
  })

  test('is not taken into the wheel twice after a kill that lost the checkpoint', async () => {
    const config = { timerFlushIntervalMs: 100 }
    const first = await start({ config })
    await first.send(timed({ TIMER_DELAY_SEC: '4' }, { body: 'once' }))
    await enqueued(first)
    await first.clock.advance(200)
    const copy = mkdtempSync(join(tmpdir(), 'rockhopper-timer-'))
    const skip = join(first.storeDir, 'config', 'timercheck')
    cpSync(first.storeDir, copy, { recursive: true, filter: (path) => path !== skip })
    const second = await start({ storeDir: copy, config })
    await second.clock.advance(5_000)
    await delivered(second, ['once'])
  })

  test('that waits longer than the window rolls and still comes at its time', async () => {
    const each = await start({ config: { timerRollWindowSlot: 10 } })
    await each.send(timed({ TIMER_DELAY_SEC: '25' }, { body: 'far' }))
    await enqueued(each)
    for (let second = 0; second < 24; second++) await each.clock.advance(1_000)
    expect(await bodies(each)).toEqual([])
    await each.clock.advance(1_000)
    await delivered(each, ['far'])
    const { messages } = await each.pull({})
    expect(messages[0]?.properties).toMatchObject({ TIMER_ROLL_TIMES: '2' })
  })

  test('has its place in a tick of 100 ms when so configured', async () => {
    const each = await start({ config: { timerPrecisionMs: 100 } })
    await each.send(timed({ TIMER_DELAY_MS: '250' }))
    await enqueued(each)
    await each.clock.advance(299)
    expect(await bodies(each)).toEqual([])
    await each.clock.advance(1)
    await delivered(each, ['hello'])
  })

  test('many of one tick come in their order', async () => {
    const each = await start()
    const wanted = Array.from({ length: 300 }, (_, index) => String(index))
    for (const body of wanted) await each.send(timed({ TIMER_DELAY_SEC: '2' }, { body }))
    await enqueued(each)
    await each.clock.advance(2_000)
    await delivered(each, wanted)
  })
})

describe('the broker refuses', () => {
  test('a wait beyond timerMaxDelaySec with 13', async () => {
    const each = await start()
    const answer = await each.send(timed({ TIMER_DELAY_SEC: String(3 * 86_400 + 1) }))
    expect(answer).toMatchObject({ code: 13 })
    expect(answer.remark).toContain('max delay 259200000ms')
    expect(await each.send(timed({ TIMER_DELAY_SEC: 'soon' }))).toMatchObject({ code: 13 })
  })

  test('no wait at all when the cap is lifted', async () => {
    const each = await start({ config: { timerMaxDelaySec: 2 ** 31 - 1 } })
    expect(await each.send(timed({ TIMER_DELAY_SEC: String(3650 * 86_400) }))).toMatchObject({ code: 0 })
  })

  test('every timer message with 1 while the wheel is off', async () => {
    const each = await start({ config: { timerWheelEnable: false } })
    const answer = await each.send(timed({ TIMER_DELAY_SEC: '1' }))
    expect(answer).toMatchObject({ code: 1 })
    expect(answer.remark).toContain('timerWheelEnable is false')
  })

  test('more than a tick may hold with 1', async () => {
    const each = await start({ config: { timerCongestNumEachSlot: 2 } })
    for (let i = 0; i < 4; i++) {
      await each.send(timed({ TIMER_DELIVER_MS: String(each.clock.now() + 60_000) }))
      await enqueued(each)
    }
    const refused = await eventually(
      () => each.send(timed({ TIMER_DELIVER_MS: String(each.clock.now() + 60_000) })),
      ({ code }) => code !== 0,
    )
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.remark).toContain('flow control')
  })
})

describe('a recall', () => {
  const recallable = { config: { recallMessageEnable: true } }
  const recall = ({ broker, client }: BrokerUnderTest, recallHandle: string, topic = 'TopicTest') =>
    client.invoke(broker.address, 'RECALL_MESSAGE', { topic, recallHandle, producerGroup: 'pg' })

  test('takes a waiting message back, and only that one', async () => {
    const each = await start(recallable)
    const sent = await each.send(timed({ TIMER_DELAY_SEC: '5', UNIQ_KEY: 'RECALLED' }, { body: 'gone' }))
    await each.send(timed({ TIMER_DELAY_SEC: '5' }, { body: 'stays' }))
    const handle = sent.header.recallHandle as string
    expect(Buffer.from(handle, 'base64url').toString()).toBe(
      `v1 TopicTest broker-a ${each.clock.now() + 4_001} RECALLED`,
    )
    expect(await recall(each, handle)).toMatchObject({ code: 0, header: { msgId: 'RECALLED' } })
    await enqueued(each)
    await each.clock.advance(5_000)
    await delivered(each, ['stays'])
    const { body } = await each.client.invoke(each.broker.address, 'GET_TIMER_METRICS', {})
    expect(JSON.parse(String(body)).timingCount.TopicTest.count).toBe(0)
  })

  test('is refused unless enabled, and for another topic, broker or time', async () => {
    const closed = await start()
    expect(await recall(closed, 'djEgYSBiIGMgZA==')).toMatchObject({ code: 16 })
    const each = await start(recallable)
    await each.send(timed({}))
    const handle = (text: string) => Buffer.from(text).toString('base64')
    const due = each.clock.now() + 5_000
    for (const [text, remark] of [
      [`v1 Other broker-a ${due} ID`, 'topic not match'],
      [`v1 TopicTest broker-b ${due} ID`, 'broker service not available'],
      [`v1 TopicTest broker-a ${each.clock.now()} ID`, 'timestamp invalid'],
      ['v2 nothing', 'handle is invalid'],
    ] as const) {
      const answer = await recall(each, handle(text))
      expect(answer).toMatchObject({ code: 604 })
      expect(answer.remark).toContain(remark)
    }
    expect(await recall(each, handle(`v1 None broker-a ${due} ID`), 'None')).toMatchObject({ code: 17 })
  })
})

describe('the timer tells', () => {
  test('what waits, and its checkpoint, under the names of mqadmin', async () => {
    const each = await start()
    await each.send(timed({ TIMER_DELAY_SEC: '60' }))
    await enqueued(each)
    const table = await info(each)
    expect(table.get('timerCongestNum')).toBe('1')
    expect(table.get('timerReadBehind')).toBe('0')
    const progress = async () => {
      await each.clock.advance(1_000)
      return (await each.client.invoke(each.broker.address, 'GET_TIMER_CHECK_POINT', {})).body as Buffer
    }
    const saved = await eventually(progress, (body) => Number(body.readBigInt64BE(24)) === 1)
    expect(saved).toHaveLength(56)
    expect(Number(saved.readBigInt64BE(8))).toBe(52)
  })
})
