import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Producer, PushConsumer } from '@rockhopper/client'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import { said } from '../captured-main.fixture.js'

let mq: EmbeddedRocketMQ

beforeAll(async () => {
  mq = await EmbeddedRocketMQ.start({ brokers: 2, topics: [{ topic: 'orders', queues: 1 }] })
})

afterAll(() => mq.stop())

/** What a command says to people, after it succeeded. */
async function text(...words: string[]): Promise<string> {
  const { code, out, err } = await said(...words, '-n', mq.nameserverAddress)
  expect([code, err]).toEqual([0, ''])
  return out
}

const data = async (...words: string[]) => JSON.parse(await text(...words, '--json'))

test('a topic is made, seen at every broker, and deleted', async () => {
  const made = await data('updateTopic', '-t', 'made', '-r', '3', '-w', '2', '-p', '4')
  expect(made).toEqual({ topic: 'made', readQueueNums: 3, writeQueueNums: 2, perm: 4, order: false })
  expect((await text('topicList')).split('\n')).toEqual(expect.arrayContaining(['made', 'orders']))
  const queues = { readQueueNums: 3, writeQueueNums: 2, perm: 4 }
  expect(await data('topicRoute', '-t', 'made')).toMatchObject(
    mq.brokers.map(({ name, address }) => ({ brokerName: name, brokerAddrs: { 0: address }, ...queues })),
  )
  expect(await text('deleteTopic', '-t', 'made')).toBe('Topic made was deleted.\n')
  expect(await data('topicList')).not.toContain('made')
  expect(await said('topicRoute', '-t', 'made', '-n', mq.nameserverAddress)).toMatchObject({
    code: 1,
    out: '',
  })
})

test('a topic is made at one broker alone', async () => {
  await text('updateTopic', '-t', 'alone', '-b', mq.brokerAddress)
  expect(await data('topicRoute', '-t', 'alone')).toMatchObject([
    { brokerName: 'broker-a', writeQueueNums: 8 },
  ])
})

test('clusterList shows every broker as a table', async () => {
  const lines = (await text('clusterList')).split('\n')
  expect(lines[0]).toMatch(/^#Cluster Name +#Broker Name +#BID +#Addr$/)
  for (const { name, address } of mq.brokers) {
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`^DefaultCluster +${name} +0 +${address}$`)),
    )
  }
})

test('topic offsets, group progress and a message by id are those of what was sent', async () => {
  const namesrvAddr = mq.nameserverAddress
  const producer = new Producer({ namesrvAddr, producerGroup: 'admin-test' })
  await producer.start()
  const queue = { topic: 'orders', brokerName: 'broker-b', queueId: 0 }
  const message = { topic: 'orders', body: '一杯咖啡', tag: 'paid', keys: ['k1'], properties: { a: '1' } }
  const { offsetMessageId } = await producer.send(message, { queue })
  await producer.shutdown()
  expect(await data('topicStatus', '-t', 'orders')).toMatchObject([
    { brokerName: 'broker-a', queueId: 0, minOffset: 0, maxOffset: 0 },
    { brokerName: 'broker-b', queueId: 0, minOffset: 0, maxOffset: 1 },
  ])
  const found = await data('queryMsgById', '-i', offsetMessageId)
  expect(found).toMatchObject({
    topic: 'orders',
    body: '一杯咖啡',
    tag: 'paid',
    keys: ['k1'],
    offsetMessageId,
  })

  await text('updateSubGroup', '-g', 'readers', '-r', '5')
  const consumeFromWhere = 'CONSUME_FROM_FIRST_OFFSET'
  const consumer = new PushConsumer({ namesrvAddr, consumerGroup: 'readers', consumeFromWhere })
  consumer.subscribe('orders')
  await new Promise<void>((resolve, reject) => {
    consumer.start(async () => resolve()).catch(reject)
  })
  await consumer.shutdown()
  const progress = await data('consumerProgress', '-g', 'readers', '-t', 'orders')
  expect(progress).toMatchObject({ diffTotal: 0 })
  expect(progress.queues).toContainEqual(
    expect.objectContaining({ ...queue, brokerOffset: 1, consumerOffset: 1, diff: 0 }),
  )
  expect(await text('consumerProgress', '-g', 'readers')).toContain('Diff Total: 0')
})

test('an id that is none and a message that is not there end with 1', async () => {
  for (const id of ['zz', `7F000001${'0'.repeat(24)}`]) {
    expect(await said('queryMsgById', '-i', id, '-n', mq.nameserverAddress)).toMatchObject({
      code: 1,
      out: '',
    })
  }
})
