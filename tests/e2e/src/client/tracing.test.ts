import { expect, test } from '@jest/globals'
import { type ClientHook, PullConsumer } from '@rockhopper/client'
import { Inbox } from './inbox.fixture.js'
import { World } from './world.fixture.js'

const TRACE_TOPIC = 'RMQ_SYS_TRACE_TOPIC'

/** All records of the trace topic, as fields. */
async function traces(world: World): Promise<string[][]> {
  const consumer = new PullConsumer({ namesrvAddr: world.namesrvAddr, consumerGroup: 'readers' })
  await consumer.start()
  try {
    const records: string[][] = []
    for (const queue of await consumer.messageQueues(TRACE_TOPIC)) {
      for (let next = 0; ; ) {
        const { messages, nextQueueOffset } = await consumer.pull(queue, next)
        if (messages.length === 0) break
        for (const { body } of messages) {
          const parts = body.toString().split('\u0002').slice(0, -1)
          records.push(...parts.map((part) => part.split('\u0001')))
        }
        next = nextQueueOffset
      }
    }
    return records
  } finally {
    await consumer.shutdown()
  }
}

test('with enableTrace a send and its consumption are told to the trace topic', async () => {
  await using world = await World.start({ topics: ['T'], config: { traceTopicEnable: true } })
  const inbox = new Inbox((message) => {
    if (message.reconsumeTimes === 0) throw new Error('the first attempt fails')
  })
  const producer = await world.producer({ enableTrace: true })
  const consumer = await world.consumer(inbox, { T: '*' }, { enableTrace: true })
  const sent = await producer.send({ topic: 'T', tag: 'A', keys: ['k1', 'k2'], body: 'traced' })
  await inbox.until('the second attempt', ({ messages }) => messages.length === 2)
  await Promise.all([producer.shutdown(), consumer.shutdown()])

  const found = await traces(world)
  const ofType = (type: string) => found.filter(([first]) => first === type)
  const [pub] = ofType('Pub')
  expect(pub).toEqual([
    'Pub',
    expect.stringMatching(/^\d{13}$/),
    'DefaultRegion',
    'producers',
    'T',
    sent.messageId,
    'A',
    'k1 k2',
    world.mq.brokerAddress,
    '6',
    expect.stringMatching(/^\d+$/),
    '0',
    sent.offsetMessageId,
    'true',
  ])
  const before = ofType('SubBefore')
  expect(before.map((fields) => fields.slice(2, 4))).toEqual([
    ['DefaultRegion', 'consumers'],
    ['DefaultRegion', 'consumers'],
  ])
  expect(before.map((fields) => fields.slice(5))).toEqual([
    [sent.messageId, '0', 'k1 k2'],
    [sent.messageId, '1', 'k1 k2'],
  ])
  const after = ofType('SubAfter')
  expect(after.map(([, requestId]) => requestId)).toEqual(before.map((fields) => fields[4]))
  // costMs varies; 2 is EXCEPTION, 0 SUCCESS.
  expect(after.map((fields) => [fields[2], fields[4], fields[5], fields[6]])).toEqual([
    [sent.messageId, 'false', 'k1 k2', '2'],
    [sent.messageId, 'true', 'k1 k2', '0'],
  ])
})

test('hooks see each send and each call with its end, and one that throws changes nothing', async () => {
  await using world = await World.start({ topics: ['T'] })
  const told: string[] = []
  const hook: ClientHook = {
    beforeSend: ({ messageId }) => told.push(`send ${messageId}`),
    afterSend: ({ messageId }, { result, costMs }) =>
      told.push(`sent ${messageId} ${result?.status} ${costMs >= 0}`),
    beforeConsume: ({ messages }) => told.push(`consume ${messages[0]?.messageId}`),
    afterConsume: (_, { outcome }) => told.push(outcome),
  }
  const broken: ClientHook = {
    beforeSend: () => {
      throw new Error('a hook that fails')
    },
  }
  const inbox = new Inbox()
  const producer = await world.producer({ hooks: [broken, hook] })
  const { messageId } = await producer.send({ topic: 'T', body: 'a' })
  const consumer = await world.consumer(inbox, { T: '*' }, { hooks: [hook] })
  await inbox.until('the message', ({ messages }) => messages.length === 1)
  await consumer.shutdown()
  expect(told).toEqual([
    `send ${messageId}`,
    `sent ${messageId} SEND_OK true`,
    `consume ${messageId}`,
    'SUCCESS',
  ])
})
