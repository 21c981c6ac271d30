import { afterEach, describe, expect, test } from '@jest/globals'
import {
  type BrokerUnderTest,
  eventually,
  SUBSCRIPTION,
  SUSPEND,
  startBroker,
  untilDispatched,
  untilWaiting,
} from './broker.fixture.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function start(options = {}): Promise<BrokerUnderTest> {
  const each = await startBroker(options)
  running.push(each)
  return each
}

async function sendBack(each: BrokerUnderTest, offset: number, header = {}) {
  const request = { offset, group: 'cg', delayLevel: 0, originMsgId: '', originTopic: 'TopicTest', ...header }
  return each.client.invoke(each.broker.address, 'CONSUMER_SEND_MSG_BACK', request)
}

/** What the topic holds from an offset on, once it is there. */
async function arrived(each: BrokerUnderTest, topic: string, queueOffset: number, count: number) {
  return eventually(
    () => bodies(each, topic, queueOffset),
    (found) => found.length >= count,
  )
}

async function bodies(each: BrokerUnderTest, topic: string, queueOffset = 0) {
  const { messages } = await each.pull({ topic, queueOffset, sysFlag: SUBSCRIPTION })
  return messages.map(({ body, reconsumeTimes }) => [body.toString(), reconsumeTimes])
}

describe('delay levels', () => {
  // R33
  test('a delayed message is delivered when its level has passed, never before', async () => {
    const each = await start()
    await each.send({ body: 'makes the topic' })
    await each.send({ body: 'later', properties: { DELAY: '2' } })
    await untilDispatched(each, 'SCHEDULE_TOPIC_XXXX', 1, 1)
    await each.clock.advance(4_999)
    expect(await bodies(each, 'TopicTest', 1)).toEqual([])
    await each.clock.advance(1)
    expect(await arrived(each, 'TopicTest', 1, 1)).toEqual([['later', 0]])
  })

  test('a level past the last one waits as long as the last one', async () => {
    const each = await start({ config: { messageDelayLevel: '1s 7s' } })
    await each.send({ body: 'makes the topic' })
    await each.send({ body: 'later', properties: { DELAY: '99' } })
    await untilDispatched(each, 'SCHEDULE_TOPIC_XXXX', 1, 1)
    await each.clock.advance(6_999)
    expect(await bodies(each, 'TopicTest', 1)).toEqual([])
    await each.clock.advance(1)
    expect(await arrived(each, 'TopicTest', 1, 1)).toEqual([['later', 0]])
  })

  test('many messages of one level arrive once each and in order', async () => {
    const each = await start()
    await each.send({ body: 'makes the topic' })
    const sent = Array.from({ length: 100 }, (_, index) => `m${index}`)
    for (const body of sent) await each.send({ body, properties: { DELAY: '1' } })
    await untilDispatched(each, 'SCHEDULE_TOPIC_XXXX', 0, 100)
    await each.clock.advance(1_000)
    const received = []
    while (received.length < 100) {
      const page = await arrived(each, 'TopicTest', received.length + 1, 1)
      received.push(...page.map(([body]) => body))
    }
    expect(received).toEqual(sent)
  })

  test('a message that was parked before a restart is delivered after it, once', async () => {
    const first = await startBroker()
    await first.send({ body: 'makes the topic' })
    await first.send({ body: 'early', properties: { DELAY: '1' } })
    await untilDispatched(first, 'SCHEDULE_TOPIC_XXXX', 0, 1)
    await first.clock.advance(1_000)
    await arrived(first, 'TopicTest', 1, 1)
    await first.send({ body: 'late', properties: { DELAY: '2' } })
    await first.stop({ keepStore: true })
    const second = await start({ storeDir: first.storeDir })
    await second.clock.advance(10_000)
    expect(await arrived(second, 'TopicTest', 1, 2)).toEqual([
      ['early', 0],
      ['late', 0],
    ])
  })
})

describe('send-back', () => {
  // R34
  test('a failed message comes again, later each time, and ends among the dead letters', async () => {
    const each = await start()
    await each.send({ body: 'poison' })
    await untilDispatched(each, 'TopicTest', 0, 1)
    let { messages } = await each.pull({})
    const waits = [10_000, 30_000, 60_000]
    for (const [attempt, waitMs] of waits.entries()) {
      const failed = messages.at(-1)
      expect(await sendBack(each, failed?.physicalOffset ?? -1, { maxReconsumeTimes: 3 })).toMatchObject({
        code: 0,
      })
      await untilDispatched(each, 'SCHEDULE_TOPIC_XXXX', 2 + attempt, 1)
      await each.clock.advance(waitMs - 1)
      expect(await bodies(each, '%RETRY%cg', attempt)).toEqual([])
      await each.clock.advance(1)
      await arrived(each, '%RETRY%cg', attempt, 1)
      ;({ messages } = await each.pull({ topic: '%RETRY%cg', queueOffset: attempt }))
      expect(messages.map(({ body, reconsumeTimes }) => [body.toString(), reconsumeTimes])).toEqual([
        ['poison', attempt + 1],
      ])
      expect(messages[0]?.properties).toMatchObject({ RETRY_TOPIC: 'TopicTest' })
    }
    await sendBack(each, messages[0]?.physicalOffset ?? -1, { maxReconsumeTimes: 3 })
    expect(await arrived(each, '%DLQ%cg', 0, 1)).toEqual([['poison', 4]])
  })

  test('a negative delay level goes to the dead letters at once', async () => {
    const each = await start()
    await each.send({ body: 'poison' })
    await untilDispatched(each, 'TopicTest', 0, 1)
    const { messages } = await each.pull({})
    await sendBack(each, messages[0]?.physicalOffset ?? -1, { delayLevel: -1 })
    await arrived(each, '%DLQ%cg', 0, 1)
    const dead = await each.pull({ topic: '%DLQ%cg' })
    expect(dead.messages[0]?.properties).toMatchObject({ RETRY_TOPIC: 'TopicTest', UNIQ_KEY: '7F0000010001' })
  })

  test('an offset without a message is refused', async () => {
    const each = await start()
    await each.send({})
    expect(await sendBack(each, 1_000_000)).toMatchObject({
      code: 1,
      remark: 'look message by offset failed, 1000000',
    })
  })

  test('a waiting pull of the retry topic is woken by the delivery', async () => {
    const each = await start()
    await each.send({ body: 'again' })
    await untilDispatched(each, 'TopicTest', 0, 1)
    const { messages } = await each.pull({})
    await sendBack(each, messages[0]?.physicalOffset ?? -1, { delayLevel: 1 })
    await untilDispatched(each, 'SCHEDULE_TOPIC_XXXX', 0, 1)
    const pull = each.pull({ topic: '%RETRY%cg', sysFlag: SUBSCRIPTION | SUSPEND })
    await untilWaiting(each, 1)
    await each.clock.advance(1_000)
    expect((await pull).messages.map(({ body }) => body.toString())).toEqual(['again'])
  })
})
