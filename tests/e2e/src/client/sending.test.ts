import { describe, expect, test } from '@jest/globals'
import { Producer } from '@rockhopper/client'
import { Inbox } from './inbox.fixture.js'
import { World } from './world.fixture.js'

describe('sending', () => {
  test('what is sent is what arrives: body, tag, keys, properties, ids and place', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 4 }] })
    const producer = await world.producer()
    const message = {
      topic: 'T',
      body: 'grüß dich',
      tag: 'A',
      keys: ['k1', 'k2'],
      properties: { p: 'q' },
      flag: 7,
    }
    const result = await producer.send(message)
    const inbox = new Inbox()
    await world.consumer(inbox, { T: '*' })
    await inbox.count(1)
    const [got] = inbox.messages
    expect(got).toMatchObject({
      topic: 'T',
      tag: 'A',
      keys: ['k1', 'k2'],
      flag: 7,
      messageId: result.messageId,
      offsetMessageId: result.offsetMessageId,
      queueId: result.queue.queueId,
      queueOffset: result.queueOffset,
      brokerName: 'broker-a',
      reconsumeTimes: 0,
    })
    expect(got?.body.toString()).toBe('grüß dich')
    expect(got?.properties.p).toBe('q')
    expect(result.status).toBe('SEND_OK')
  })

  test('each way of sending reaches the queue it should', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 4 }] })
    const producer = await world.producer()
    const inbox = new Inbox()
    await world.consumer(inbox, { T: '*' })
    const large = 'x'.repeat(100_000)
    const results = [
      await producer.send({ topic: 'T', body: 'plain' }),
      await producer.send({ topic: 'T', body: large }),
      await producer.send(
        { topic: 'T', body: 'queue' },
        { queue: { topic: 'T', brokerName: 'broker-a', queueId: 3 } },
      ),
      await producer.send({ topic: 'T', body: 'selector' }, { selector: (queues) => queues[1] as never }),
      // Java: "order-1".hashCode() is -1207111310.
      await producer.send({ topic: 'T', body: 'sharding', shardingKey: 'order-1' }),
      await producer.send(['b1', 'b2', 'b3'].map((body) => ({ topic: 'T', body, tag: 'batch' }))),
    ]
    await producer.sendOneway({ topic: 'T', body: 'oneway' })
    await inbox.count(9)
    expect(inbox.bodies().sort()).toEqual(
      ['plain', large, 'queue', 'selector', 'sharding', 'b1', 'b2', 'b3', 'oneway'].sort(),
    )
    expect(results.slice(2, 5).map((result) => result.queue.queueId)).toEqual([3, 1, 1207111310 % 4])
    const batch = inbox.messages.filter((message) => message.tag === 'batch')
    expect(batch.map((message) => message.messageId).join(',')).toBe(results[5]?.messageId)
    expect(new Set(batch.map((message) => message.queueId)).size).toBe(1)
  })

  test('sends go round the queues of a topic', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 4 }] })
    const producer = await world.producer()
    const queues = []
    for (let send = 0; send < 8; send++)
      queues.push((await producer.send({ topic: 'T', body: '' })).queue.queueId)
    expect(queues.slice(0, 4).sort()).toEqual([0, 1, 2, 3])
    expect(queues.slice(4)).toEqual(queues.slice(0, 4))
  })

  test('a thousand sends at once all arrive, once', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 4 }] })
    const producer = await world.producer()
    const inbox = new Inbox()
    await world.consumer(inbox, { T: '*' })
    const bodies = Array.from({ length: 1_000 }, (_, at) => `m${at}`)
    const results = await Promise.all(bodies.map((body) => producer.send({ topic: 'T', body })))
    await inbox.count(1_000)
    expect(inbox.bodies().sort()).toEqual([...bodies].sort())
    expect(new Set(results.map((result) => result.messageId)).size).toBe(1_000)
  })

  test('a first send makes its topic; where that is switched off the error says what to do', async () => {
    await using world = await World.start()
    const producer = await world.producer()
    expect((await producer.send({ topic: 'fresh', body: 'x' })).status).toBe('SEND_OK')
    await using closed = await World.start({ config: { autoCreateTopicEnable: false } })
    const other = await closed.producer()
    const sent = other.send({ topic: 'unknown', body: 'x' })
    await expect(sent).rejects.toMatchObject({ code: 'ROUTE_NOT_FOUND' })
    await expect(sent).rejects.toThrow(/rockhopper updateTopic .*autoCreateTopicEnable/)
  })

  test('without a name server every call ends with an error that names it', async () => {
    const gone = await World.start()
    const { namesrvAddr } = gone
    await gone[Symbol.asyncDispose]()
    const producer = new Producer({ namesrvAddr, producerGroup: 'g' })
    await expect(producer.send({ topic: 'T', body: '' })).rejects.toMatchObject({ code: 'NOT_STARTED' })
    await producer.start()
    const sent = producer.send({ topic: 'T', body: '' })
    await expect(sent).rejects.toMatchObject({ code: 'NAME_SERVER_UNREACHABLE' })
    await expect(sent).rejects.toThrow(namesrvAddr)
    await producer.shutdown()
    await expect(producer.send({ topic: 'T', body: '' })).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('clients of one process have different ids', async () => {
    await using world = await World.start()
    const clients = [await world.producer(), await world.producer(), await world.producer()]
    expect(new Set(clients.map((client) => client.clientId)).size).toBe(3)
  })
})
