import { cpSync, existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { SubscriptionGroupConfig } from '@rockhopper/remoting'
import { type BrokerUnderTest, type StartOptions, startBroker, untilDispatched } from './broker.fixture.js'
import { groupConfig } from './groups.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function start(options: StartOptions = {}): Promise<BrokerUnderTest> {
  const each = await startBroker(options)
  running.push(each)
  return each
}

const topicHeader = {
  topic: 'Declared',
  defaultTopic: 'TBW102',
  readQueueNums: 3,
  writeQueueNums: 2,
  perm: 6,
  topicFilterType: 'SINGLE_TAG',
  order: false,
}

describe('restart', () => {
  test('messages, topics, groups and offsets are there after it', async () => {
    const first = await startBroker()
    const { broker, client } = first
    await first.send({ body: 'kept' })
    await client.invoke(broker.address, 'UPDATE_AND_CREATE_TOPIC', topicHeader)
    const group = SubscriptionGroupConfig.encode({ ...groupConfig('cg'), retryMaxTimes: 5 })
    await client.invoke(broker.address, 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP', {}, group)
    const queue = { consumerGroup: 'cg', topic: 'TopicTest', queueId: 0 }
    await client.invoke(broker.address, 'UPDATE_CONSUMER_OFFSET', { ...queue, commitOffset: 1 })
    await first.stop({ keepStore: true })

    const second = await start({ storeDir: first.storeDir })
    const ask = second.client
    const { address } = second.broker
    const pulled = await second.pull({})
    expect(pulled.messages.map(({ body }) => body.toString())).toEqual(['kept'])
    const topic = await ask.invoke(address, 'GET_TOPIC_CONFIG', { topic: 'Declared' })
    expect(JSON.parse(topic.body?.toString() ?? '')).toMatchObject({
      readQueueNums: 3,
      writeQueueNums: 2,
      perm: 6,
    })
    const found = await ask.invoke(address, 'GET_SUBSCRIPTIONGROUP_CONFIG', { group: 'cg' })
    expect(SubscriptionGroupConfig.decode(found.body)).toMatchObject({ retryMaxTimes: 5 })
    const offset = await ask.invoke(address, 'QUERY_CONSUMER_OFFSET', queue)
    expect(offset).toMatchObject({ code: 0, header: { offset: 1 } })
  })

  test('what was acknowledged is there after a crash', async () => {
    const each = await start()
    await each.send({ topic: 'Fresh', body: 'acknowledged' })
    // What a kill leaves behind: the files as the kernel has them, the abort mark among them.
    const crashed = mkdtempSync(join(tmpdir(), 'rockhopper-crashed-'))
    cpSync(each.storeDir, crashed, { recursive: true })
    expect(existsSync(join(crashed, 'abort'))).toBe(true)
    const again = await start({ storeDir: crashed })
    const { messages } = await again.pull({ topic: 'Fresh' })
    expect(messages.map(({ body }) => body.toString())).toEqual(['acknowledged'])
    expect((await again.send({ topic: 'Fresh' })).header.queueOffset).toBe(1)
  })

  test('a topic made by a send is in topics.json before the send is answered', async () => {
    const each = await start()
    await each.send({ topic: 'Fresh' })
    const text = readFileSync(join(each.storeDir, 'config/topics.json'), 'utf8')
    expect(JSON.parse(text).topicConfigTable.Fresh).toEqual({
      attributes: {},
      order: false,
      perm: 6,
      readQueueNums: 4,
      topicFilterType: 'SINGLE_TAG',
      topicName: 'Fresh',
      topicSysFlag: 0,
      writeQueueNums: 4,
    })
  })

  test('many sends to one unknown topic make it once', async () => {
    const each = await start()
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) => each.send({ topic: 'Fresh', body: `${n}` })),
    )
    expect(new Set(replies.map(({ code }) => code))).toEqual(new Set([0]))
    const offsets = replies.map(({ header }) => header.queueOffset)
    expect(new Set(offsets).size).toBe(20)
    const { dataVersion } = JSON.parse(readFileSync(join(each.storeDir, 'config/topics.json'), 'utf8'))
    expect(dataVersion.counter).toBe(1)
  })

  test('offsets reach the file within its interval while the broker runs', async () => {
    const each = await start()
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    const queue = { consumerGroup: 'cg', topic: 'TopicTest', queueId: 0 }
    await each.pull({})
    await each.client.invoke(each.broker.address, 'UPDATE_CONSUMER_OFFSET', { ...queue, commitOffset: 1 })
    await each.clock.advance(5_000)
    // The loop waits for the file before it waits for its next turn.
    await each.clock.during(each.broker.stop())
    const text = readFileSync(join(each.storeDir, 'config/consumerOffset.json'), 'utf8')
    expect(JSON.parse(text).offsetTable).toEqual({ 'TopicTest@cg': { 0: 1 } })
  })

  test('a store is used by one broker at a time', async () => {
    const each = await start()
    await expect(startBroker({ storeDir: each.storeDir })).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    expect((await each.send({})).code).toBe(0)
  })
})
