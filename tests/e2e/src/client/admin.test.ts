import { describe, expect, test } from '@jest/globals'
import { Admin, PullConsumer } from '@rockhopper/client'
import { Inbox } from './inbox.fixture.js'
import { World } from './world.fixture.js'

async function adminOf(world: World): Promise<Admin> {
  const admin = new Admin({ namesrvAddr: world.namesrvAddr })
  await admin.start()
  world.atEnd(() => admin.shutdown())
  return admin
}

describe('admin', () => {
  test('a topic made on all brokers can be sent to at once, is listed, and can be deleted', async () => {
    await using world = await World.start({ brokers: 2, config: { autoCreateTopicEnable: false } })
    const admin = await adminOf(world)
    await admin.createTopic('T', { queues: 3 })
    const route = await admin.topicRoute('T')
    expect(
      route.queueDatas.map((row) => [row.brokerName, row.readQueueNums, row.writeQueueNums]).sort(),
    ).toEqual([
      ['broker-a', 3, 3],
      ['broker-b', 3, 3],
    ])
    expect(await admin.topicList()).toContain('T')
    expect([...(await admin.clusterInfo()).brokerAddrTable.keys()].sort()).toEqual(['broker-a', 'broker-b'])
    const producer = await world.producer()
    const { offsetMessageId, messageId } = await producer.send({ topic: 'T', body: 'look at me' })
    expect(await admin.viewMessage(offsetMessageId)).toMatchObject({ topic: 'T', messageId })
    await expect(admin.viewMessage(offsetMessageId.replace(/.{8}$/, '00FFFFFF'))).rejects.toMatchObject({
      code: 'MESSAGE_NOT_FOUND',
    })
    await admin.deleteTopic('T')
    expect(await admin.topicList()).not.toContain('T')
    await expect(admin.createTopic('a.b')).rejects.toMatchObject({ code: 'TOPIC_ILLEGAL' })
  })

  test('the progress of a group is what its consumer committed', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 1 }] })
    const admin = await adminOf(world)
    const producer = await world.producer()
    for (const body of ['1', '2', '3']) await producer.send({ topic: 'T', body })
    const inbox = new Inbox()
    const consumer = await world.consumer(inbox, { T: '*' })
    await inbox.count(3)
    await consumer.shutdown()
    await producer.send({ topic: 'T', body: '4' })
    const queue = { topic: 'T', brokerName: 'broker-a', queueId: 0 }
    const stats = await admin.topicStats('T')
    expect(stats.offsetTable.map(([at, row]) => [at, row.minOffset, row.maxOffset])).toEqual([[queue, 0, 4]])
    const progress = await admin.consumerProgress('consumers', 'T')
    expect(progress.offsetTable.map(([at, row]) => [at, row.brokerOffset, row.consumerOffset])).toEqual([
      [queue, 4, 3],
    ])
  })

  test('a group is moved in time while it runs and while it does not, and hands its offsets on', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 1 }] })
    const admin = await adminOf(world)
    const producer = await world.producer()
    for (const body of ['1', '2', '3']) await producer.send({ topic: 'T', body })
    const inbox = new Inbox()
    const consumer = await world.consumer(inbox, { T: '*' })
    await inbox.count(3)
    const queue = { topic: 'T', brokerName: 'broker-a', queueId: 0 }
    expect(await admin.resetOffsetByTime('consumers', 'T', 0)).toEqual([[queue, 0]])
    await inbox.count(6)
    expect(inbox.bodies()).toEqual(['1', '2', '3', '1', '2', '3'])
    await consumer.shutdown()
    expect(await admin.resetOffsetByTime('consumers', 'T', -1)).toEqual([[queue, 3]])
    await admin.cloneGroupOffset('consumers', 'successors', { topic: 'T' })
    await producer.send({ topic: 'T', body: '4' })
    for (const consumerGroup of ['consumers', 'successors']) {
      const again = new Inbox()
      await world.consumer(again, { T: '*' }, { consumerGroup })
      await again.count(1)
      expect(again.bodies()).toEqual(['4'])
    }
  })

  test('brokers that leave resets to the members reset a group without members, too', async () => {
    const config = { useServerSideResetOffset: false }
    await using world = await World.start({ topics: [{ topic: 'T', queues: 1 }], config })
    const admin = await adminOf(world)
    const producer = await world.producer()
    for (const body of ['1', '2', '3']) await producer.send({ topic: 'T', body })
    const first = new Inbox()
    const consumer = await world.consumer(first, { T: '*' })
    await first.count(3)
    await admin.resetOffsetByTime('consumers', 'T', 0)
    await first.count(6)
    await consumer.shutdown()
    await admin.resetOffsetByTime('consumers', 'T', 0)
    const second = new Inbox()
    await world.consumer(second, { T: '*' })
    await second.count(3)
  })

  test('a member tells how it runs, and consumes a message once more when it is told to', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 2 }] })
    const admin = await adminOf(world)
    const producer = await world.producer()
    const inbox = new Inbox()
    const consumer = await world.consumer(inbox, { T: '*' })
    const { offsetMessageId } = await producer.send({ topic: 'T', body: 'again' })
    await inbox.count(1)
    expect(await admin.consumerClientIds('consumers')).toEqual([consumer.clientId])
    expect(await admin.messageModel('consumers')).toBe('CLUSTERING')
    expect(await admin.messageModel('nobody')).toBeUndefined()
    const info = await admin.consumerRunningInfo('consumers', consumer.clientId)
    expect(info.subscriptionSet.map(({ topic }) => topic).sort()).toEqual(['%RETRY%consumers', 'T'])
    expect(info.mqTable.map(([{ queueId, topic }]) => `${topic} ${queueId}`)).toContain('T 1')
    expect(await admin.consumeMessageDirectly('consumers', consumer.clientId, offsetMessageId)).toMatchObject(
      {
        consumeResult: 'CR_SUCCESS',
      },
    )
    expect(inbox.bodies()).toEqual(['again', 'again'])
    await expect(admin.consumerRunningInfo('consumers', 'nobody')).rejects.toMatchObject({
      code: 'CONSUMER_NOT_FOUND',
    })
  })

  test('a group without retries dead-letters at the first failure', async () => {
    await using world = await World.start({
      topics: [{ topic: 'T', queues: 1 }],
      config: { messageDelayLevel: '1s 1s 1s' },
    })
    const admin = await adminOf(world)
    await admin.updateSubscriptionGroup({ groupName: 'consumers', retryMaxTimes: 0 })
    const producer = await world.producer()
    const inbox = new Inbox(() => 'RECONSUME_LATER')
    await world.consumer(inbox, { T: '*' }, { maxReconsumeTimes: 0 })
    await producer.send({ topic: 'T', body: 'x' })
    const dead = new Inbox()
    await world.consumer(dead, { '%DLQ%consumers': '*' }, { consumerGroup: 'undertakers' })
    await dead.count(1)
    expect(inbox.messages.length).toBe(1)
  })
})

describe('pull consumer', () => {
  test('a queue is read from any offset, by tag, and its bounds are told', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 1 }] })
    const producer = await world.producer()
    for (const tag of ['A', 'B', 'A']) await producer.send({ topic: 'T', body: `of ${tag}`, tag })
    const consumer = new PullConsumer({ namesrvAddr: world.namesrvAddr, consumerGroup: 'pullers' })
    world.atEnd(() => consumer.shutdown())
    await consumer.start()
    const [queue] = await consumer.messageQueues('T')
    if (queue === undefined) throw new Error('no queue')
    const all = await consumer.pull(queue, 0)
    expect(all).toMatchObject({ status: 'FOUND', nextQueueOffset: 3, minQueueOffset: 0, maxQueueOffset: 3 })
    expect(all.messages.map((message) => message.tag)).toEqual(['A', 'B', 'A'])
    const some = await consumer.pull(queue, 1, { expression: 'A' })
    expect(some.messages.map((message) => message.queueOffset)).toEqual([2])
    expect((await consumer.pull(queue, 3)).status).toBe('NO_NEW_MSG')
    expect((await consumer.pull(queue, 99)).status).toBe('OFFSET_ILLEGAL')
    expect([await consumer.minOffset(queue), await consumer.maxOffset(queue)]).toEqual([0, 3])
    expect(await consumer.searchOffset(queue, 0)).toBe(0)
    await consumer.commitOffset(queue, 2)
    expect(await consumer.committedOffset(queue)).toBe(2)
    const waiting = consumer.pull(queue, 3, { suspendMs: 10_000 })
    await producer.send({ topic: 'T', body: 'at last' })
    expect((await waiting).messages.map((message) => message.body.toString())).toEqual(['at last'])
  })
})
