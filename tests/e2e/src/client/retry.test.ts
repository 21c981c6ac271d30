import { describe, expect, test } from '@jest/globals'
import { Inbox, untilTogether } from './inbox.fixture.js'
import { World } from './world.fixture.js'

const LEVELS = { messageDelayLevel: '1s 1s 1s 1s 1s 1s' }

describe('retry', () => {
  test('a failing handler gets the message again, counted, and at the limit it is in the DLQ', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 1 }], config: LEVELS })
    const producer = await world.producer()
    const failing = new Inbox((message) => {
      if (message.tag === 'bad') throw new Error('no')
    })
    await world.consumer(failing, { T: '*' }, { maxReconsumeTimes: 2 })
    const { messageId } = await producer.send({
      topic: 'T',
      body: 'poison',
      tag: 'bad',
      properties: { p: 'q' },
    })
    await producer.send({ topic: 'T', body: 'fine' })
    const dead = new Inbox()
    await world.consumer(dead, { '%DLQ%consumers': '*' }, { consumerGroup: 'undertakers' })
    await dead.count(1)
    const attempts = failing.messages.filter((message) => message.tag === 'bad')
    expect(attempts.map((message) => message.reconsumeTimes)).toEqual([0, 1, 2])
    // Apache's client restores the topic; the id stays the same over all attempts.
    expect(attempts.map((message) => message.topic)).toEqual(['T', 'T', 'T'])
    expect(attempts.map((message) => message.messageId)).toEqual([messageId, messageId, messageId])
    expect(failing.bodies().filter((body) => body === 'fine')).toEqual(['fine'])
    expect(dead.messages[0]).toMatchObject({ messageId, tag: 'bad' })
    expect(dead.messages[0]?.properties).toMatchObject({ RETRY_TOPIC: 'T', p: 'q' })
    expect(dead.bodies()).toEqual(['poison'])
  })

  test('a message that succeeds the second time is not delivered a third', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 1 }], config: LEVELS })
    const producer = await world.producer()
    const inbox = new Inbox((message, context) => {
      context.delayLevelWhenNextConsume = 1
      return message.reconsumeTimes === 0 ? 'RECONSUME_LATER' : 'CONSUME_SUCCESS'
    })
    const consumer = await world.consumer(inbox, { T: '*' })
    await producer.send({ topic: 'T', body: 'x'.repeat(10_000) })
    await inbox.count(2)
    await consumer.shutdown()
    const next = new Inbox()
    await world.consumer(next, { T: '*' })
    await producer.send({ topic: 'T', body: 'end' })
    await next.count(1)
    expect(next.bodies()).toEqual(['end'])
    expect(inbox.messages[1]?.body.length).toBe(10_000)
  })
})

describe('orderly', () => {
  test('messages of a key come in their order, also when one fails and is tried again', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 4 }] })
    const producer = await world.producer()
    const failed = new Set<string>()
    const done: string[] = []
    const inbox = new Inbox((message, context) => {
      const body = message.body.toString()
      context.suspendCurrentQueueTimeMs = 10
      if (body.endsWith('/5') && !failed.has(body)) {
        failed.add(body)
        return 'RECONSUME_LATER'
      }
      done.push(body)
      return 'CONSUME_SUCCESS'
    })
    await world.consumer(inbox, { T: '*' }, { orderly: true })
    const keys = ['a', 'b', 'c', 'd', 'e']
    await Promise.all(
      keys.map(async (key) => {
        for (let at = 0; at < 20; at++)
          await producer.send({ topic: 'T', body: `${key}/${at}`, shardingKey: key })
      }),
    )
    await inbox.until('all done', () => done.length >= 100)
    for (const key of keys) {
      expect(done.filter((body) => body.startsWith(key))).toEqual(
        Array.from({ length: 20 }, (_, at) => `${key}/${at}`),
      )
    }
    expect(failed.size).toBe(5)
  })

  test('at its limit a message goes to the DLQ and the queue moves on', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 1 }] })
    const producer = await world.producer()
    const inbox = new Inbox((message, context) => {
      context.suspendCurrentQueueTimeMs = 10
      if (message.body.toString() === 'poison') throw new Error('no')
    })
    await world.consumer(inbox, { T: '*' }, { orderly: true, maxReconsumeTimes: 2 })
    for (const body of ['first', 'poison', 'last']) await producer.send({ topic: 'T', body })
    await inbox.until('the last one', () => inbox.bodies().includes('last'))
    expect(inbox.bodies()).toEqual(['first', 'poison', 'poison', 'poison', 'last'])
    const dead = new Inbox()
    await world.consumer(dead, { '%DLQ%consumers': '*' }, { consumerGroup: 'undertakers' })
    await dead.count(1)
    expect(dead.bodies()).toEqual(['poison'])
  })

  test('a second member takes queues over only when the first one ended its call', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 2 }] })
    const producer = await world.producer()
    const running = new Map<number, number>()
    const handle = async (message: { readonly queueId: number }) => {
      expect(running.get(message.queueId) ?? 0).toBe(0)
      running.set(message.queueId, 1)
      await new Promise((resolve) => setImmediate(resolve))
      running.set(message.queueId, 0)
    }
    const seen: string[] = []
    const inboxes = [0, 1].map(
      () =>
        new Inbox(async (message) => {
          await handle(message)
          seen.push(message.body.toString())
        }),
    ) as [Inbox, Inbox]
    await world.consumer(inboxes[0], { T: '*' }, { orderly: true })
    const sending = (async () => {
      for (let at = 0; at < 200; at++) {
        const queue = { topic: 'T', brokerName: 'broker-a', queueId: at % 2 }
        await producer.send({ topic: 'T', body: `${at % 2}/${at}` }, { queue })
      }
    })()
    await world.consumer(inboxes[1], { T: '*' }, { orderly: true })
    await sending
    const distinct = () => new Set(seen).size
    await untilTogether(inboxes, 'all of both', () => distinct() >= 200)
    for (const queueId of [0, 1]) {
      // A message may come twice at the change of hands; first appearances are in order.
      const first = [...new Set(seen.filter((body) => body.startsWith(`${queueId}/`)))].map((body) =>
        Number(body.slice(2)),
      )
      expect(first).toEqual([...first].sort((a, b) => a - b))
    }
  })
})
