import { afterEach, describe, expect, test } from '@jest/globals'
import { propertiesText } from '@rockhopper/message'
import {
  ConsumerIdList,
  LockBatchRequestBody,
  LockBatchResponseBody,
  ok,
  type Processors,
} from '@rockhopper/remoting'
import { type BrokerUnderTest, consumerData, eventually, heartbeat, startBroker } from './broker.fixture.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function start(config = {}): Promise<BrokerUnderTest> {
  const each = await startBroker({ config })
  running.push(each)
  return each
}

/** A member of group `cg` that counts how often it is told that the group changed. */
async function join(each: BrokerUnderTest, clientID: string, subString = '*', subVersion = 1) {
  const told: string[] = []
  const handlers: Processors = {
    NOTIFY_CONSUMER_IDS_CHANGED: ({ consumerGroup }) => {
      told.push(consumerGroup)
      return ok()
    },
  }
  const client = each.connect(handlers)
  const beat = (sub = subString, version = subVersion) =>
    heartbeat(client, each.broker.address, {
      clientID,
      consumerDataSet: [consumerData('cg', 'TopicTest', sub, version)],
      producerDataSet: [{ groupName: 'pg' }],
    })
  const reply = await beat()
  return { beat, client, reply, told }
}

/** How often each member was told; other connections hear of it a moment later. */
async function untilTold(each: BrokerUnderTest, members: readonly { told: string[] }[], counts: number[]) {
  const ask = async () => {
    await memberIds(each)
    return members.map(({ told }) => told.length)
  }
  await eventually(ask, (told) => told.join() === counts.join())
}

async function memberIds(each: BrokerUnderTest): Promise<readonly string[] | number> {
  const header = { consumerGroup: 'cg' }
  const { body, code } = await each.client.invoke(each.broker.address, 'GET_CONSUMER_LIST_BY_GROUP', header)
  return code === 0 ? ConsumerIdList.decode(body).consumerIdList : code
}

describe('membership', () => {
  test('a heartbeat makes the group, its retry topic and a member', async () => {
    const each = await start()
    expect(await memberIds(each)).toBe(1)
    const { reply } = await join(each, 'a')
    expect(reply).toMatchObject({ code: 0, header: { IS_SUPPORT_HEART_BEAT_V2: true, IS_SUB_CHANGE: true } })
    expect(await memberIds(each)).toEqual(['a'])
    const topic = await each.client.invoke(each.broker.address, 'GET_TOPIC_CONFIG', { topic: '%RETRY%cg' })
    expect(topic.code).toBe(0)
  })

  test('members are told when one comes, subscribes anew, leaves or is lost, and only then', async () => {
    const each = await start()
    const a = await join(each, 'a')
    await untilTold(each, [a], [1])
    await a.beat()
    const b = await join(each, 'b')
    await untilTold(each, [a, b], [2, 1])
    await b.beat('TagA', 2)
    await untilTold(each, [a, b], [3, 2])
    const leave = { clientID: 'b', consumerGroup: 'cg', producerGroup: 'pg' }
    await b.client.invoke(each.broker.address, 'UNREGISTER_CLIENT', leave)
    await untilTold(each, [a], [4])
    const c = await join(each, 'c')
    await untilTold(each, [a, c], [5, 1])
    await each.clock.during(c.client.close())
    await untilTold(each, [a], [6])
    expect(new Set(a.told)).toEqual(new Set(['cg']))
    expect(await memberIds(each)).toEqual(['a'])
  })

  test('a member that is silent for two minutes is dropped', async () => {
    const each = await start()
    const a = await join(each, 'a')
    const b = await join(each, 'b')
    for (let minutes = 0; minutes < 3; minutes++) {
      await each.clock.advance(50_000)
      await a.beat()
    }
    expect(await memberIds(each)).toEqual(['a'])
    await untilTold(each, [b], [1])
  })

  test('a fingerprint the broker does not know asks for the whole subscription', async () => {
    const each = await start()
    const client = each.connect()
    const whole = {
      clientID: 'a',
      consumerDataSet: [consumerData('cg', 'TopicTest')],
      heartbeatFingerprint: 77,
    }
    const short = { ...whole, withoutSub: true }
    const address = each.broker.address
    expect((await heartbeat(client, address, short)).header).toMatchObject({ IS_SUB_CHANGE: true })
    expect((await heartbeat(client, address, whole)).header).toMatchObject({ IS_SUB_CHANGE: false })
    expect((await heartbeat(client, address, short)).header).toMatchObject({ IS_SUB_CHANGE: false })
    expect((await each.pull({ sysFlag: 0 })).code).toBe(17)
  })
})

describe('queue locks', () => {
  const queue = { brokerName: 'broker-a', queueId: 1, topic: 'TopicTest' }
  const lock = async (each: BrokerUnderTest, clientId: string) => {
    const body = LockBatchRequestBody.encode({
      clientId,
      consumerGroup: 'cg',
      mqSet: [queue],
      onlyThisBroker: false,
    })
    const reply = await each.client.invoke(each.broker.address, 'LOCK_BATCH_MQ', {}, body)
    return LockBatchResponseBody.decode(reply.body).lockOKMQSet
  }

  test('a queue belongs to one client until it unlocks or stops renewing for 60 s', async () => {
    const each = await start()
    expect(await lock(each, 'a')).toEqual([queue])
    expect(await lock(each, 'b')).toEqual([])
    await each.clock.advance(50_000)
    expect(await lock(each, 'a')).toEqual([queue])
    await each.clock.advance(60_000)
    expect(await lock(each, 'b')).toEqual([])
    await each.clock.advance(1)
    expect(await lock(each, 'b')).toEqual([queue])
    const body = LockBatchRequestBody.encode({
      clientId: 'b',
      consumerGroup: 'cg',
      mqSet: [queue],
      onlyThisBroker: false,
    })
    await each.client.invoke(each.broker.address, 'UNLOCK_BATCH_MQ', {}, body)
    expect(await lock(each, 'a')).toEqual([queue])
  })
})

describe('request-reply', () => {
  const reply = (each: BrokerUnderTest, to: string) =>
    each.client.invoke(
      each.broker.address,
      'SEND_REPLY_MESSAGE_V2',
      {
        producerGroup: 'replier',
        topic: 'DefaultCluster_REPLY_TOPIC',
        defaultTopic: 'TBW102',
        defaultTopicQueueNums: 4,
        queueId: 0,
        sysFlag: 0,
        bornTimestamp: 1,
        flag: 0,
        properties: propertiesText({
          REPLY_TO_CLIENT: to,
          CORRELATION_ID: 'c1',
          MSG_TYPE: 'reply',
          UNIQ_KEY: 'R1',
        }),
      },
      Buffer.from('the answer'),
    )

  test('a reply is pushed to the client that asked', async () => {
    const each = await start()
    const pushed: unknown[] = []
    const handlers: Processors = {
      PUSH_REPLY_MESSAGE_TO_CLIENT: ({ properties, topic }, { body }) => {
        pushed.push([
          topic,
          body?.toString(),
          properties?.includes('PUSH_REPLY_TIME'),
          properties?.includes('c1'),
        ])
        return ok()
      },
    }
    const asking = each.connect(handlers)
    await heartbeat(asking, each.broker.address, {
      clientID: 'asking',
      producerDataSet: [{ groupName: 'pg' }],
    })
    expect(await reply(each, 'asking')).toMatchObject({ code: 0, header: { msgId: '0', queueId: 0 } })
    expect(pushed).toEqual([['DefaultCluster_REPLY_TOPIC', 'the answer', true, true]])
    // It is kept beside, as Apache does by default.
    const stored = await each.pull({ topic: 'DefaultCluster_REPLY_TOPIC' })
    expect(stored.messages.map(({ body }) => body.toString())).toEqual(['the answer'])
  })

  test('a reply to a client that is gone fails with the reason', async () => {
    const each = await start()
    expect(await reply(each, 'nobody')).toMatchObject({
      code: 1,
      remark: 'push reply message fail, channel of <nobody> not found.',
    })
  })
})
