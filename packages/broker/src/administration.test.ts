import { afterEach, describe, expect, test } from '@jest/globals'
import {
  ConsumerConnection,
  ConsumerRunningInfo,
  ConsumeStats,
  GroupList,
  KVTable,
  ok,
  ProducerConnection,
  ResetOffsetBody,
  TopicConfigSerializeWrapper,
  TopicStatsTable,
} from '@rockhopper/remoting'
import {
  type BrokerUnderTest,
  consumerData,
  heartbeat,
  startBroker,
  untilDispatched,
} from './broker.fixture.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function start(): Promise<BrokerUnderTest> {
  const each = await startBroker()
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

describe('topics', () => {
  test('the table holds system topics and what was made', async () => {
    const { broker, client } = await start()
    expect((await client.invoke(broker.address, 'UPDATE_AND_CREATE_TOPIC', topicHeader)).code).toBe(0)
    const reply = await client.invoke(broker.address, 'GET_ALL_TOPIC_CONFIG', {})
    const { dataVersion, topicConfigTable } = TopicConfigSerializeWrapper.decode(reply.body)
    expect(dataVersion.counter).toBe(1)
    expect(topicConfigTable.get('Declared')).toMatchObject({ readQueueNums: 3, writeQueueNums: 2 })
    expect(topicConfigTable.get('TBW102')).toMatchObject({ perm: 7, writeQueueNums: 8 })
    expect(topicConfigTable.get('SCHEDULE_TOPIC_XXXX')).toMatchObject({ writeQueueNums: 18 })
  })

  test('an unchanged topic keeps the data version', async () => {
    const { broker, client } = await start()
    for (let i = 0; i < 2; i++) await client.invoke(broker.address, 'UPDATE_AND_CREATE_TOPIC', topicHeader)
    const reply = await client.invoke(broker.address, 'GET_ALL_TOPIC_CONFIG', {})
    expect(TopicConfigSerializeWrapper.decode(reply.body).dataVersion.counter).toBe(1)
  })

  test.each([
    ['an illegal name', { topic: 'a b' }],
    ['a system topic', { topic: 'TBW102' }],
    ["the cluster's own topic", { topic: 'DefaultCluster' }],
    ['a negative queue number', { readQueueNums: -1 }],
    ['an attribute nobody knows', { attributes: '+colour=red' }],
    ['a removal from a new topic', { attributes: '-message.type' }],
  ])('%s is refused', async (_, change) => {
    const { broker, client } = await start()
    const reply = await client.invoke(broker.address, 'UPDATE_AND_CREATE_TOPIC', {
      ...topicHeader,
      ...change,
    })
    expect(reply.code).toBe(29)
  })

  test('a deleted topic is gone with its messages, and begins at 0 when it is made again', async () => {
    const each = await start()
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    await each.client.invoke(each.broker.address, 'DELETE_TOPIC_IN_BROKER', { topic: 'TopicTest' })
    expect((await each.pull({})).code).toBe(17)
    expect((await each.send({})).header.queueOffset).toBe(0)
  })

  test('statistics name each queue with its bounds', async () => {
    const each = await start()
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    const { body } = await each.client.invoke(each.broker.address, 'GET_TOPIC_STATS_INFO', {
      topic: 'TopicTest',
    })
    const { offsetTable } = TopicStatsTable.decode(body)
    expect(offsetTable).toHaveLength(4)
    const [queue, stats] = offsetTable[0] ?? []
    expect(queue).toEqual({ brokerName: 'broker-a', queueId: 0, topic: 'TopicTest' })
    expect(stats).toMatchObject({ minOffset: 0, maxOffset: 1 })
    expect(stats?.lastUpdateTimestamp).toBeGreaterThanOrEqual(1_700_000_000_000)
  })
})

describe('groups', () => {
  test('connections and progress of a group are told; of nobody, that nobody is there', async () => {
    const each = await start()
    const { address } = each.broker
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    const group = { consumerGroup: 'cg' }
    expect((await each.client.invoke(address, 'GET_CONSUMER_CONNECTION_LIST', group)).code).toBe(206)
    await heartbeat(each.client, address, {
      clientID: 'me',
      consumerDataSet: [consumerData('cg', 'TopicTest')],
      producerDataSet: [{ groupName: 'pg' }],
    })
    const consumers = await each.client.invoke(address, 'GET_CONSUMER_CONNECTION_LIST', group)
    expect(ConsumerConnection.decode(consumers.body)).toMatchObject({
      connectionSet: [{ clientId: 'me', language: 'NODE_JS' }],
      messageModel: 'CLUSTERING',
    })
    const producers = await each.client.invoke(address, 'GET_PRODUCER_CONNECTION_LIST', {
      producerGroup: 'pg',
    })
    expect(ProducerConnection.decode(producers.body).connectionSet).toHaveLength(1)
    const queue = { ...group, topic: 'TopicTest', queueId: 0 }
    await each.client.invoke(address, 'UPDATE_CONSUMER_OFFSET', { ...queue, commitOffset: 1 })
    const progress = await each.client.invoke(address, 'GET_CONSUME_STATS', group)
    expect(ConsumeStats.decode(progress.body).offsetTable[0]?.[1]).toMatchObject({
      brokerOffset: 1,
      consumerOffset: 1,
    })
    const who = await each.client.invoke(address, 'QUERY_TOPIC_CONSUME_BY_WHO', { topic: 'TopicTest' })
    expect(GroupList.decode(who.body).groupList).toEqual(['cg'])
  })

  test('a question for a consumer is forwarded to it, and its answer back', async () => {
    const each = await start()
    const running: ConsumerRunningInfo = {
      mqPopTable: [],
      mqTable: [],
      properties: new Map([['PROP_CLIENT_VERSION', 'test']]),
      statusTable: new Map(),
      subscriptionSet: [],
      userConsumerInfo: new Map(),
    }
    const consumer = each.connect({
      GET_CONSUMER_RUNNING_INFO: () => ok({}, ConsumerRunningInfo.encode(running)),
    })
    const data = { clientID: 'me', consumerDataSet: [consumerData('cg', 'TopicTest')] }
    await heartbeat(consumer, each.broker.address, data)
    const ask = (clientId: string) =>
      each.client.invoke(each.broker.address, 'GET_CONSUMER_RUNNING_INFO', { consumerGroup: 'cg', clientId })
    expect(ConsumerRunningInfo.decode((await ask('me')).body).properties.get('PROP_CLIENT_VERSION')).toBe(
      'test',
    )
    expect(await ask('you')).toMatchObject({ code: 1, remark: 'The Consumer <cg> <you> not online' })
  })

  test('a group that is given the offsets of another goes on where that one is', async () => {
    const each = await start()
    const { address } = each.broker
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    await each.pull({})
    const offsetOf = async (consumerGroup: string) => {
      const header = { consumerGroup, topic: 'TopicTest', queueId: 0, setZeroIfNotFound: false }
      const answer = await each.client.invoke(address, 'QUERY_CONSUMER_OFFSET', header)
      return answer.code === 0 ? answer.header.offset : undefined
    }
    const queue = { consumerGroup: 'cg', topic: 'TopicTest', queueId: 0 }
    await each.client.invoke(address, 'UPDATE_CONSUMER_OFFSET', { ...queue, commitOffset: 1 })
    const clone = (destGroup: string, topic: string, offline = false) =>
      each.client.invoke(address, 'CLONE_GROUP_OFFSET', { srcGroup: 'cg', destGroup, topic, offline })
    expect((await clone('named', 'TopicTest')).code).toBe(0)
    expect((await clone('all', '')).code).toBe(0)
    expect((await clone('other', 'NoSuch')).code).toBe(0)
    expect(await Promise.all(['named', 'all', 'other'].map(offsetOf))).toEqual([1, 1, undefined])
    // Online members that do not want the topic have left it.
    const data = { clientID: 'me', consumerDataSet: [consumerData('cg', 'Another')] }
    await heartbeat(each.connect(), address, data)
    expect((await clone('late', 'TopicTest')).code).toBe(0)
    expect((await clone('forced', 'TopicTest', true)).code).toBe(0)
    expect(await Promise.all(['late', 'forced'].map(offsetOf))).toEqual([undefined, 1])
  })

  test('a reset offset is told by the next pull, and blocks commits until then', async () => {
    const each = await start()
    const { address } = each.broker
    for (let i = 0; i < 3; i++) await each.send({ body: `${i}` })
    await untilDispatched(each, 'TopicTest', 0, 3)
    await each.pull({})
    const queue = { consumerGroup: 'cg', topic: 'TopicTest', queueId: 0 }
    await each.client.invoke(address, 'UPDATE_CONSUMER_OFFSET', { ...queue, commitOffset: 3 })
    const reset = { topic: 'TopicTest', group: 'cg', timestamp: 0, isForce: true, queueId: 0, offset: 1 }
    const reply = await each.client.invoke(address, 'INVOKE_BROKER_TO_RESET_OFFSET', reset)
    expect(ResetOffsetBody.decode(reply.body).offsetTable[0]?.[1]).toBe(1)
    const commit = await each.client.invoke(address, 'UPDATE_CONSUMER_OFFSET', { ...queue, commitOffset: 3 })
    expect(commit).toMatchObject({ code: 0, remark: 'Offset has been previously reset' })
    expect(await each.pull({ queueOffset: 3 })).toMatchObject({ code: 21, header: { nextBeginOffset: 1 } })
    await each.client.invoke(address, 'UPDATE_CONSUMER_OFFSET', { ...queue, commitOffset: 2 })
    expect((await each.client.invoke(address, 'QUERY_CONSUMER_OFFSET', queue)).header).toEqual({ offset: 2 })
  })
})

describe('the broker', () => {
  test('takes changes of live keys and refuses all others, none of them half', async () => {
    const { broker, client } = await start()
    const change = (text: string) =>
      client.invoke(broker.address, 'UPDATE_BROKER_CONFIG', {}, Buffer.from(text))
    expect((await change('traceOn=false\n')).code).toBe(0)
    expect((await change('traceOn=true\nlistenPort=1\n')).code).toBe(16)
    expect((await change('traceOn=perhaps\n')).code).toBe(29)
    expect((await change('tracOn=true\n')).remark).toContain('did you mean traceOn?')
    const { body } = await client.invoke(broker.address, 'GET_BROKER_CONFIG', {})
    expect(body?.toString().split('\n')).toContain('traceOn=false')
  })

  test('stops making topics when it is told so', async () => {
    const each = await start()
    const off = Buffer.from('autoCreateTopicEnable=false')
    await each.client.invoke(each.broker.address, 'UPDATE_BROKER_CONFIG', {}, off)
    expect((await each.send({ topic: 'Unknown' })).code).toBe(17)
  })

  test('tells tools the keys the dashboard reads', async () => {
    const each = await start()
    await each.send({})
    const { body } = await each.client.invoke(each.broker.address, 'GET_BROKER_RUNTIME_INFO', {})
    const { table } = KVTable.decode(body)
    expect(table.get('brokerVersionDesc')).toBe('V5_3_3')
    expect(table.get('msgPutTotalTodayNow')).toBe('1')
    for (const key of ['putTps', 'getTransferredTps', 'commitLogMaxOffset', 'scheduleMessageOffset_18']) {
      expect(table.has(key)).toBe(true)
    }
    for (const key of ['commitLogDiskRatio', 'consumeQueueDiskRatio']) {
      expect(Number(table.get(key))).toBeGreaterThan(0)
      expect(Number(table.get(key))).toBeLessThanOrEqual(1)
    }
    const [first] = (await each.pull({})).messages
    expect(table.get('earliestMessageTimeStamp')).toBe(String(first?.storeTimestamp))
    expect(table.get('remainHowManyDataToCommit')).toBe('0 B')
  })

  test('cleans expired files and queues on demand, and keeps what is not expired', async () => {
    const each = await start()
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    for (const name of ['DELETE_EXPIRED_COMMITLOG', 'CLEAN_EXPIRED_CONSUMEQUEUE'] as const) {
      expect((await each.client.invoke(each.broker.address, name, {})).code).toBe(0)
    }
    expect((await each.pull({})).messages.length).toBe(1)
  })

  test('answers a code it does not serve with 3', async () => {
    const { broker, client } = await start()
    expect(
      (await client.invoke(broker.address, 'CHECK_ROCKSDB_CQ_WRITE_PROGRESS', { topic: 't' })).code,
    ).toBe(3)
  })

  test('finds messages by id and by key', async () => {
    const each = await start()
    const { address } = each.broker
    await each.send({ properties: { KEYS: 'order-1' } })
    await untilDispatched(each, 'TopicTest', 0, 1)
    const { messages } = await each.pull({})
    const offset = messages[0]?.physicalOffset ?? -1
    const viewed = await each.client.invoke(address, 'VIEW_MESSAGE_BY_ID', { offset })
    expect(viewed.body?.length).toBe(messages[0]?.storeSize)
    expect((await each.client.invoke(address, 'VIEW_MESSAGE_BY_ID', { offset: offset + 1 })).code).toBe(1)
    const query = { topic: 'TopicTest', maxNum: 10, beginTimestamp: 0, endTimestamp: Number.MAX_SAFE_INTEGER }
    const byKey = await each.client.invoke(address, 'QUERY_MESSAGE', { ...query, key: 'order-1' })
    expect(byKey.body?.equals(viewed.body ?? Buffer.alloc(0))).toBe(true)
    expect((await each.client.invoke(address, 'QUERY_MESSAGE', { ...query, key: 'order-2' })).code).toBe(22)
  })
})
