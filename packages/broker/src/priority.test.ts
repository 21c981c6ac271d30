import { afterEach, describe, expect, test } from '@jest/globals'
import { SubscriptionGroupConfig } from '@rockhopper/remoting'
import { type BrokerUnderTest, eventually, startBroker } from './broker.fixture.js'
import { GROUP, pop } from './pop/pop.fixture.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

const TOPIC = 'Priorities'
const QUEUES = 4

async function start(config = {}): Promise<BrokerUnderTest> {
  const each = await startBroker({ config })
  running.push(each)
  const topic = {
    topic: TOPIC,
    defaultTopic: 'TBW102',
    readQueueNums: QUEUES,
    writeQueueNums: QUEUES,
    perm: 6,
    topicFilterType: 'SINGLE_TAG',
    order: false,
    attributes: '+message.type=PRIORITY',
  }
  const { code } = await each.client.invoke(each.broker.address, 'UPDATE_AND_CREATE_TOPIC', topic)
  expect(code).toBe(0)
  return each
}

async function send(each: BrokerUnderTest, priority: string, properties: Record<string, string> = {}) {
  const answer = await each.send({
    topic: TOPIC,
    body: priority,
    properties: { _SYS_MSG_PRIORITY_: priority, ...properties },
    header: { queueId: 1 },
  })
  expect(answer.code).toBe(0)
  return answer.header
}

async function setFactor(each: BrokerUnderTest, factor: string): Promise<number> {
  const config = {
    ...SubscriptionGroupConfig.read({ groupName: GROUP }, '$'),
    attributes: new Map([['+priority.factor', factor]]),
  }
  const body = SubscriptionGroupConfig.encode(config)
  const { address } = each.broker
  return (await each.client.invoke(address, 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP', {}, body)).code
}

/** Bodies one by one, in the order they are given away. */
async function popOneByOne(each: BrokerUnderTest, count: number): Promise<string[]> {
  const bodies: string[] = []
  const next = async () => (await pop(each, { topic: TOPIC, maxMsgNums: 1 })).messages[0]
  while (bodies.length < count) {
    const message = await eventually(next, (found) => found !== undefined)
    bodies.push(message?.body ?? '')
  }
  return bodies
}

async function untilAllThere(each: BrokerUnderTest, count: number): Promise<void> {
  const ask = async () => {
    let sum = 0
    for (let queueId = 0; queueId < QUEUES; queueId++) {
      const { header } = await each.client.invoke(each.broker.address, 'GET_MAX_OFFSET', {
        topic: TOPIC,
        queueId,
      })
      sum += header.offset
    }
    return sum
  }
  await eventually(ask, (sum) => sum === count)
}

describe('a message with a priority', () => {
  test('goes to the queue of this number, or to the last, whatever its sender chose', async () => {
    const each = await start()
    expect((await send(each, '0')).queueId).toBe(0)
    expect((await send(each, '3')).queueId).toBe(3)
    expect((await send(each, '900')).queueId).toBe(3)
    expect((await send(each, '-1')).queueId).toBe(1)
    expect((await send(each, 'high')).queueId).toBe(1)
  })

  test('that has a sharding key keeps its queue and loses its priority', async () => {
    const each = await start()
    expect((await send(each, '3', { __SHARDINGKEY: 'k' })).queueId).toBe(1)
    await untilAllThere(each, 1)
    const { messages } = await each.pull({ topic: TOPIC, queueId: 1 })
    expect(messages[0]?.properties).not.toHaveProperty('_SYS_MSG_PRIORITY_')
  })

  test('that is delayed waits', async () => {
    const each = await start()
    await send(each, '3', { DELAY: '1' })
    expect((await pop(each, { topic: TOPIC })).code).toBe(210)
    for (let waited = 0; waited < 5_000; waited += 100) await each.clock.advance(100)
    await untilAllThere(each, 1)
    expect((await each.pull({ topic: TOPIC, queueId: 1 })).messages).toHaveLength(1)
  })
})

describe('a pop of a topic with priorities', () => {
  test('takes the highest first', async () => {
    const each = await start()
    for (const priority of ['1', '3', '0', '2', '3']) await send(each, priority)
    await untilAllThere(each, 5)
    expect(await popOneByOne(each, 5)).toEqual(['3', '3', '2', '1', '0'])
  })

  test('takes the lowest first where the broker counts down', async () => {
    const each = await start({ priorityOrderAsc: false })
    for (const priority of ['1', '3', '0', '2']) await send(each, priority)
    await untilAllThere(each, 4)
    expect(await popOneByOne(each, 4)).toEqual(['0', '1', '2', '3'])
  })

  test('leaves it to chance when the group wants no priorities', async () => {
    const each = await start()
    expect(await setFactor(each, '101')).toBe(29)
    expect(await setFactor(each, '0')).toBe(0)
    const sent = Array.from({ length: 40 }, (_, at) => String(at % QUEUES))
    for (const priority of sent) await send(each, priority)
    await untilAllThere(each, sent.length)
    const popped = await popOneByOne(each, sent.length)
    // Forty draws that happen to fall: 1 in 10 to the 21.
    expect(popped).not.toEqual([...sent].sort().reverse())
  })
})
