import { afterEach, describe, expect, test } from '@jest/globals'
import { BatchAckMessageRequestBody } from '@rockhopper/remoting'
import type { BrokerUnderTest, StartOptions } from '../broker.fixture.js'
import {
  ack,
  bodiesOf,
  changeInvisible,
  GROUP,
  type Popped,
  pop,
  popAll,
  sendAll,
  startPopBroker,
  TOPIC,
  untilPopped,
} from './pop.fixture.js'

const POLLED = { consumerGroup: GROUP, topic: TOPIC, queueId: -1 }

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function start(options: StartOptions = {}, queues = 1): Promise<BrokerUnderTest> {
  const each = await startPopBroker(options, queues)
  running.push(each)
  return each
}

describe('a popped message', () => {
  test('is invisible until its time is over, then comes again as a retry', async () => {
    const each = await start()
    await sendAll(each, ['a'])
    const [first] = await popAll(each)
    expect(first?.body).toBe('a')
    const poppedAt = each.clock.now()
    const [again] = await untilPopped(each, 1)
    expect(each.clock.now() - poppedAt).toBeGreaterThanOrEqual(10_000)
    expect(again?.message).toMatchObject({ topic: TOPIC, reconsumeTimes: 1 })
    expect(again?.message.properties['1ST_POP_TIME']).toBe(first?.extraInfo.split(' ')[1])
    expect(again?.extraInfo.split(' ')[4]).toBe('1')
  })

  test('does not come again once it is acknowledged, also as a retry', async () => {
    const each = await start()
    await sendAll(each, ['a', 'b', 'c'])
    const popped = await popAll(each)
    for (const message of popped) if (message.body === 'a') await ack(each, message)
    const retried = await untilPopped(each, 2, { invisibleTime: 10_000 })
    expect(bodiesOf(retried)).toEqual(['b', 'c'])
    for (const message of retried) if (message.body === 'b') await ack(each, message)
    expect(bodiesOf(await untilPopped(each, 1))).toEqual(['c'])
  })

  // R34
  test('stays with who has it now when an old receipt comes late', async () => {
    const each = await start()
    await sendAll(each, ['a'])
    const [first] = await popAll(each)
    const [second] = await untilPopped(each, 1, { invisibleTime: 10_000 })
    expect(second?.message.reconsumeTimes).toBe(1)
    expect(first && (await ack(each, first)).code).toBe(0)
    const [third] = await untilPopped(each, 1)
    expect(third?.message).toMatchObject({ reconsumeTimes: 2 })
  })

  test('comes at the new time when its invisible time was changed', async () => {
    const each = await start()
    await sendAll(each, ['a', 'b'])
    const popped = await popAll(each)
    for (const message of popped) {
      const changed = await changeInvisible(each, message, message.body === 'a' ? 60_000 : 2_000)
      expect(changed).toMatchObject({ code: 0, header: { popTime: each.clock.now() } })
    }
    const changedAt = each.clock.now()
    expect(bodiesOf(await untilPopped(each, 1))).toEqual(['b'])
    expect(bodiesOf(await untilPopped(each, 1))).toEqual(['a'])
    expect(each.clock.now() - changedAt).toBeGreaterThanOrEqual(60_000)
  })

  test('is acknowledged with the receipt of its changed time', async () => {
    const each = await start()
    await sendAll(each, ['a', 'canary'])
    for (const message of await popAll(each)) {
      const { header } = await changeInvisible(each, message, 5_000)
      if (message.body === 'canary') continue
      const { queueId, queueOffset } = message.message
      const { invisibleTime, popTime, reviveQid } = header
      const receipt = [queueOffset, popTime, invisibleTime, reviveQid, 0, 'broker-a', queueId, queueOffset]
      expect((await ack(each, { ...message, extraInfo: receipt.join(' ') })).code).toBe(0)
    }
    expect(bodiesOf(await untilPopped(each, 1))).toEqual(['canary'])
  })

  test('that is acknowledged in a batch is done with, the others are not', async () => {
    const each = await start()
    await sendAll(each, ['a', 'b', 'c', 'd'])
    const popped = await popAll(each)
    const [so, pt, it, rq] = (popped[0] as Popped).extraInfo.split(' ').map(Number) as [
      number,
      number,
      number,
      number,
    ]
    // Bits 0 and 2: the offsets of a and c.
    const batch = { c: GROUP, t: TOPIC, r: '0', so, q: 0, rq, pt, it, b: Buffer.of(5).toString('base64') }
    const body = BatchAckMessageRequestBody.encode({ acks: [batch], brokerName: 'broker-a' })
    const { code } = await each.client.invoke(each.broker.address, 'BATCH_ACK_MESSAGE', {}, body)
    expect(code).toBe(0)
    expect(bodiesOf(await untilPopped(each, 2))).toEqual(['b', 'd'])
  })
})

describe('a pop', () => {
  test('waits for a message as long as it asks, and takes it when it comes', async () => {
    const each = await start({}, 4)
    const waiting = pop(each, { pollTime: 15_000 })
    await each.clock.advance(10_000)
    await sendAll(each, ['late'], 3)
    const { code, messages } = await waiting
    expect(code).toBe(0)
    expect(bodiesOf(messages)).toEqual(['late'])
    for (const message of messages) await ack(each, message)
    const empty = pop(each, { pollTime: 15_000 })
    await each.clock.advance(15_000)
    expect(await empty).toMatchObject({ code: 210, messages: [] })
  })

  test('that waits takes a retry when its time is there', async () => {
    const each = await start()
    await sendAll(each, ['a'])
    await popAll(each, { invisibleTime: 3_000 })
    const waiting = each.clock.during(pop(each, { pollTime: 600_000 }))
    expect((await waiting).messages[0]?.message.reconsumeTimes).toBe(1)
  })

  test('of one queue leaves the others alone, and takes no more than it wants', async () => {
    const each = await start({}, 2)
    await sendAll(each, ['a', 'b', 'c'], 0)
    await sendAll(each, ['x'], 1)
    const { header, messages } = await pop(each, { queueId: 0, maxMsgNums: 2 })
    expect(bodiesOf(messages)).toEqual(['a', 'b'])
    expect(header.restNum).toBe(1)
    expect(bodiesOf(await popAll(each))).toEqual(['c', 'x'])
  })

  test('takes only tags that it wants', async () => {
    const each = await start()
    for (const tag of ['red', 'blue', 'red']) {
      await each.send({ topic: TOPIC, body: tag, properties: { TAGS: tag } })
    }
    await each.clock.advance(1)
    expect(bodiesOf(await popAll(each, { exp: 'blue', expType: 'TAG' }))).toEqual(['blue'])
    expect(bodiesOf(await untilPopped(each, 1, { exp: 'blue', expType: 'TAG' }))).toEqual(['blue'])
  })

  test('takes only properties that its SQL92 expression wants, and sleeps through others', async () => {
    const each = await start({ config: { enablePropertyFilter: true } })
    const sql = { exp: 'amount > 100', expType: 'SQL92' }
    const sendAmount = (amount: string) => each.send({ topic: TOPIC, body: amount, properties: { amount } })
    for (const amount of ['50', '150']) await sendAmount(amount)
    await each.clock.advance(1)
    expect(bodiesOf(await popAll(each, sql))).toEqual(['150'])
    expect(await pop(each, { ...sql, exp: 'amount >' })).toMatchObject({ code: 23 })
    const waiting = pop(each, { ...sql, pollTime: 9_000 })
    await each.clock.advance(1_000)
    await sendAmount('60')
    await each.clock.advance(1_000)
    expect((await each.client.invoke(each.broker.address, 'POLLING_INFO', POLLED)).header.pollingNum).toBe(1)
    await sendAmount('160')
    await each.clock.advance(1)
    expect(bodiesOf((await waiting).messages)).toEqual(['160'])
  })

  test.each([
    [{ topic: 'NoSuch' }, 17],
    [{ queueId: 1 }, 29],
    [{ maxMsgNums: 33 }, 29],
    [{ bornTime: 1_000 }, 210],
    [{ exp: 'a ||', expType: 'TAG' }, 0],
    [{ exp: 'a > 1', expType: 'SQL92' }, 1],
  ])('with %p is answered as Apache answers it', async (header, code) => {
    const each = await start()
    await sendAll(each, ['a'])
    const answer = await pop(each, header)
    expect([code, 210]).toContain(answer.code)
    if (code !== 0) expect(answer.code).toBe(code)
  })

  test('is refused without the timer, which the invisible time is made of', async () => {
    const each = await start({ config: { timerWheelEnable: false } })
    expect((await pop(each)).code).toBe(1)
  })
})

describe('a restart', () => {
  test('loses no message that was popped, and revives none that was acknowledged', async () => {
    const first = await startPopBroker()
    await sendAll(first, ['a', 'b', 'c'])
    const popped = await popAll(first)
    for (const message of popped) if (message.body !== 'b') await ack(first, message)
    await first.stop({ keepStore: true })
    const second = await start({ storeDir: first.storeDir })
    expect(bodiesOf(await untilPopped(second, 1))).toEqual(['b'])
  })
})
