import { afterEach, describe, expect, test } from '@jest/globals'
import type { BrokerUnderTest, StartOptions } from '../broker.fixture.js'
import { ack, bodiesOf, changeInvisible, type Popped, pop, sendAll, startPopBroker } from './pop.fixture.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function start(options: StartOptions = {}): Promise<BrokerUnderTest> {
  const each = await startPopBroker(options)
  running.push(each)
  return each
}

const ORDER = { order: true, queueId: 0, maxMsgNums: 2 }

describe('an orderly pop', () => {
  test('gives the next messages only when all before are acknowledged', async () => {
    const each = await start()
    await sendAll(each, ['a', 'b', 'c'])
    const { messages } = await pop(each, ORDER)
    expect(bodiesOf(messages)).toEqual(['a', 'b'])
    expect(await pop(each, ORDER)).toMatchObject({ code: 210 })
    expect((await ack(each, messages[1] as Popped)).code).toBe(0)
    expect(await pop(each, ORDER)).toMatchObject({ code: 210 })
    expect((await ack(each, messages[0] as Popped)).code).toBe(0)
    expect(bodiesOf((await pop(each, ORDER)).messages)).toEqual(['c'])
  })

  test('gives the same messages again, in order and counted, when their time is over', async () => {
    const each = await start()
    await sendAll(each, ['a', 'b', 'c'])
    const first = await pop(each, ORDER)
    await ack(each, first.messages[0] as Popped)
    await each.clock.advance(10_000)
    const { header, messages } = await pop(each, ORDER)
    expect(messages.map(({ body }) => body)).toEqual(['b', 'c'])
    expect(header.orderCountInfo?.split(';')).toContain('0 qo0%1 1')
    expect(messages[0]?.message.reconsumeTimes).toBe(0)
    // The receipt of the first pop is void: what it names is with somebody else now.
    await ack(each, first.messages[1] as Popped)
    await ack(each, messages[1] as Popped)
    expect(await pop(each, ORDER)).toMatchObject({ code: 210 })
  })

  test('that waits is answered when the last message before is acknowledged', async () => {
    const each = await start()
    await sendAll(each, ['a', 'b', 'c'])
    const { messages } = await pop(each, ORDER)
    const waiting = pop(each, { ...ORDER, pollTime: 5_000 })
    await each.clock.advance(1_000)
    for (const message of messages) await ack(each, message)
    expect(bodiesOf((await waiting).messages)).toEqual(['c'])
  })

  test('leaves a message whose time was prolonged alone, and the queue with it', async () => {
    const each = await start()
    await sendAll(each, ['a', 'b'])
    const { messages } = await pop(each, { ...ORDER, maxMsgNums: 1 })
    expect((await changeInvisible(each, messages[0] as Popped, 30_000)).code).toBe(0)
    await each.clock.advance(29_000)
    expect(await pop(each, ORDER)).toMatchObject({ code: 210 })
    await each.clock.advance(1_000)
    expect(bodiesOf((await pop(each, ORDER)).messages)).toEqual(['a', 'b'])
  })

  test('whose answer was lost gets the same messages with the same attempt id', async () => {
    const each = await start()
    await sendAll(each, ['a', 'b'])
    const attempt = { ...ORDER, attemptId: 'once' }
    expect(bodiesOf((await pop(each, attempt)).messages)).toEqual(['a', 'b'])
    expect(await pop(each, { ...ORDER, attemptId: 'other' })).toMatchObject({ code: 210 })
    const { header, messages } = await pop(each, attempt)
    expect(bodiesOf(messages)).toEqual(['a', 'b'])
    expect(header.orderCountInfo).not.toContain('qo')
  })

  test('is still blocked after a restart, and its receipts still hold', async () => {
    const first = await startPopBroker()
    await sendAll(first, ['a', 'b', 'c'])
    const { messages } = await pop(first, ORDER)
    await first.stop({ keepStore: true })
    const second = await start({ storeDir: first.storeDir })
    await second.clock.advance(first.clock.now() - second.clock.now())
    expect(await pop(second, ORDER)).toMatchObject({ code: 210 })
    for (const message of messages) expect((await ack(second, message)).code).toBe(0)
    expect(bodiesOf((await pop(second, ORDER)).messages)).toEqual(['c'])
  })
})
