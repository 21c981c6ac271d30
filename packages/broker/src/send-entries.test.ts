import { afterEach, describe, expect, test } from '@jest/globals'
import { encodeBatch, propertiesText } from '@rockhopper/message'
import {
  type BrokerUnderTest,
  type SendOptions,
  SUBSCRIPTION,
  startBroker,
  untilDispatched,
} from './broker.fixture.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function start(general: boolean): Promise<BrokerUnderTest> {
  // With an authorizer the remoting server leaves the turn entries out: every send goes the general way.
  const each = await startBroker(general ? { authorize: () => undefined } : {})
  running.push(each)
  return each
}

const batch = encodeBatch(
  ['a', 'b', 'c'].map((text) => ({
    flag: 3,
    body: Buffer.from(text),
    properties: Buffer.from(propertiesText({ UNIQ_KEY: `U${text}`, TAGS: 'TagA' })),
  })),
)

const sends: Readonly<Record<string, SendOptions>> = {
  'a plain message in form V2': { body: 'v2', properties: { TAGS: 'TagA', KEYS: 'k1 k2' } },
  'a plain message in form V1': { command: 'SEND_MESSAGE', body: 'v1', header: { flag: 7 } },
  'text beyond ASCII': { body: '消息', properties: { KEYS: '订单', note: 'zwölf "Boxer" \\ jagen' } },
  'an empty body': { body: '' },
  'a batch': { command: 'SEND_BATCH_MESSAGE', bytes: batch },
  'a batch without a unique key of its own': {
    command: 'SEND_BATCH_MESSAGE',
    bytes: batch,
    header: { properties: propertiesText({ WAIT: 'true' }) },
  },
  'a batch of too many empty messages': { command: 'SEND_BATCH_MESSAGE', bytes: Buffer.alloc(22 * 200_000) },
  'a broken batch': { command: 'SEND_BATCH_MESSAGE', bytes: Buffer.from('no batch') },
  'a message without unique key': { header: { properties: propertiesText({ TAGS: 'TagA' }) } },
  'properties whose last separator is missing': { header: { properties: 'UNIQ_KEY\u0001K1\u0002a\u0001b' } },
  'a segment without value': { header: { properties: 'UNIQ_KEY\u0001K1\u0002a\u0001\u0002' } },
  'properties the broker owns': { properties: { CLUSTER: 'other', POP_CK: 'x' } },
  'no properties': { header: { properties: undefined } },
  'a queue that does not exist': { header: { queueId: 4 } },
  'a topic nobody may send to': { topic: 'SCHEDULE_TOPIC_XXXX' },
  'an illegal topic': { topic: 'a b' },
  'a topic that cannot be made': { topic: 'Missing', header: { defaultTopic: 'NoSuchModel' } },
  'a retried message': { topic: '%RETRY%cg', header: { reconsumeTimes: 1 } },
  'a message retried too often': { topic: '%RETRY%cg', header: { reconsumeTimes: 17 } },
  'a transactional message': { properties: { TRAN_MSG: 'true' } },
  'a prepared message without the property': { header: { sysFlag: 4 } },
  'a rolled back message without the property': { header: { sysFlag: 12 } },
  'a delayed message': { properties: { DELAY: '3' } },
  'a timer message': { properties: { TIMER_DELIVER_MS: '1700000100000' } },
  'an order of magnitude too many properties': { properties: { big: 'x'.repeat(33_000) } },
  'a body that is too large': { bytes: Buffer.alloc(4 * 1024 * 1024 + 1) },
  'bits and counters': { header: { sysFlag: 0x100 | 1, reconsumeTimes: 2, bornTimestamp: 12_345 } },
}

describe('turn entry and general entry', () => {
  test('answer alike and store alike', async () => {
    const [turn, general] = [await start(false), await start(true)]
    for (const each of [turn, general]) await each.send({ body: 'makes the topic' })
    const ports = [turn, general].map(({ broker }) => hexPort(broker.address))
    for (const [name, send] of Object.entries(sends)) {
      const replies = [await turn.send(send), await general.send(send)]
      const [a, b] = replies.map(({ code, remark, extFields, language, version }, index) => {
        const fields = { ...extFields }
        // Message ids name the broker's port; a unique key that was missing is made up.
        if (fields['msgId'] !== undefined)
          fields['msgId'] = fields['msgId'].replaceAll(ports[index] as string, 'PORT')
        if (name.includes('without unique key') || name === 'no properties') delete fields['transactionId']
        return { name, code, remark, fields, language, version }
      })
      expect(a).toEqual(b)
    }
    for (const each of [turn, general]) {
      // The log is dispatched in its order: when this one is there, all are.
      await each.send({ body: 'last', header: { queueId: 3 } })
      await untilDispatched(each, 'TopicTest', 3, 1)
    }
    expect(await stored(turn)).toEqual(await stored(general))
  })

  test('a batch is bounded by its bytes on the wire', async () => {
    const each = await start(false)
    await each.send({ body: 'makes the topic' })
    const bytes = Buffer.alloc(22 * 200_000)
    const reply = await each.send({ command: 'SEND_BATCH_MESSAGE', bytes })
    expect(reply).toMatchObject({ code: 13, remark: 'the batch has 4400000 bytes' })
  })

  test.each([
    [4, false],
    [4, true],
    [12, false],
    [12, true],
  ])('sysFlag %s, which no queue shows, is refused (general entry: %s)', async (sysFlag, general) => {
    const each = await start(general)
    await each.send({ body: 'makes the topic' })
    expect((await each.send({ header: { sysFlag } })).code).toBe(16)
  })

  test.each([false, true])('a topic without queues takes no message (general entry: %s)', async (general) => {
    const each = await start(general)
    const topic = 'NoQueues'
    await each.send({ topic, header: { defaultTopicQueueNums: 0 } })
    const anyQueue = await each.send({ topic, header: { queueId: -1 } })
    expect(anyQueue).toMatchObject({
      code: 29,
      remark: 'request queueId[-1] is illegal, topic:[NoQueues] has 0 queues',
    })
  })

  test('a plain send is stored with what the broker adds behind what the client wrote', async () => {
    const each = await start(false)
    await each.send({ body: 'makes the topic' })
    const reply = await each.send({ body: 'x', properties: { TAGS: 'TagA' } })
    expect(reply).toMatchObject({
      code: 0,
      header: { queueId: 0, queueOffset: 1, transactionId: '7F0000010001' },
    })
    expect(reply.extFields).toMatchObject({ MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' })
    await untilDispatched(each, 'TopicTest', 0, 2)
    const { messages } = await each.pull({ queueOffset: 1 })
    expect(messages).toHaveLength(1)
    expect({ ...messages[0]?.properties }).toEqual({
      UNIQ_KEY: '7F0000010001',
      WAIT: 'true',
      TAGS: 'TagA',
      CLUSTER: 'DefaultCluster',
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
    })
  })

  test('a one-way send is stored and not answered', async () => {
    const each = await start(false)
    await each.send({ body: 'makes the topic' })
    await each.client.invokeOneway(
      each.broker.address,
      'SEND_MESSAGE_V2',
      onewayHeader,
      Buffer.from('one-way'),
    )
    // A request behind it on the same connection: when it is answered the one-way send was read.
    await each.send({ body: 'after' })
    await untilDispatched(each, 'TopicTest', 0, 3)
    const { messages } = await each.pull({})
    expect(messages.map(({ body }) => body.toString())).toEqual(['makes the topic', 'one-way', 'after'])
  })
})

const onewayHeader = {
  producerGroup: 'pg',
  topic: 'TopicTest',
  defaultTopic: 'TBW102',
  defaultTopicQueueNums: 4,
  queueId: 0,
  sysFlag: 0,
  bornTimestamp: 1,
  flag: 0,
  properties: propertiesText({ UNIQ_KEY: 'ONE' }),
}

function hexPort(address: string): string {
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  return `7F000001${port.toString(16).toUpperCase().padStart(8, '0')}`
}

async function stored(each: BrokerUnderTest) {
  const all = []
  for (const topic of ['TopicTest', '%RETRY%cg', '%DLQ%cg', 'SCHEDULE_TOPIC_XXXX']) {
    for (let queueId = 0; queueId < 4; queueId++) {
      const pulled = await each.pull({ topic, queueId, sysFlag: SUBSCRIPTION })
      // The clocks of the two brokers stand a few ms apart.
      for (const { body, properties, storeTimestamp: _, ...fields } of pulled.messages) {
        const madeUp = properties['UNIQ_KEY']?.startsWith('7F0000010001') === false
        all.push({
          body: body.toString(),
          properties: { ...properties, ...(madeUp ? { UNIQ_KEY: 'made up' } : {}) },
          ...fields,
          bornHost: fields.bornHost.address,
          storeHost: fields.storeHost.address,
        })
      }
    }
  }
  expect(all.length).toBeGreaterThan(15)
  return all
}
