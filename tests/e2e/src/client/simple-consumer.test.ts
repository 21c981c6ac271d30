import { describe, expect, test } from '@jest/globals'
import {
  Admin,
  type MessageQueue,
  type PoppedMessage,
  PullConsumer,
  SimpleConsumer,
  type SimpleConsumerOptions,
} from '@rockhopper/client'
import { World } from './world.fixture.js'

const TOPIC = 'T'

async function sent(world: World, bodies: readonly string[], queues = 2, topic = TOPIC): Promise<void> {
  const producer = await world.producer()
  for (const [at, body] of bodies.entries()) {
    const queue = { topic, brokerName: 'broker-a', queueId: at % queues }
    await producer.send({ topic, body, tag: body.slice(0, 1) }, { queue })
  }
}

async function receiving(
  world: World,
  options: Partial<SimpleConsumerOptions> = {},
): Promise<SimpleConsumer> {
  const consumer = new SimpleConsumer({ namesrvAddr: world.namesrvAddr, consumerGroup: 'simple', ...options })
  world.atEnd(() => consumer.shutdown())
  await consumer.start()
  return consumer
}

async function received(consumer: SimpleConsumer, count: number): Promise<PoppedMessage[]> {
  const found: PoppedMessage[] = []
  while (found.length < count) {
    const more = await consumer.receive(TOPIC)
    if (more.length === 0) break
    found.push(...more)
  }
  return found
}

async function queuesOf(world: World) {
  const reader = new PullConsumer({ namesrvAddr: world.namesrvAddr, consumerGroup: 'reader' })
  world.atEnd(() => reader.shutdown())
  await reader.start()
  return reader.messageQueues(TOPIC)
}

const bodiesOf = (messages: readonly PoppedMessage[]) => messages.map(({ body }) => body.toString()).sort()

describe('a simple consumer', () => {
  test('receives what is there, and never again what it acknowledged, alone or in a batch', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 2 }] })
    await sent(world, ['a', 'b', 'c', 'd', 'e'])
    const consumer = await receiving(world, { invisibleTimeMs: 3_000 })
    const messages = await received(consumer, 5)
    expect(bodiesOf(messages)).toEqual(['a', 'b', 'c', 'd', 'e'])
    const [first, second, ...rest] = messages as [PoppedMessage, PoppedMessage, ...PoppedMessage[]]
    await consumer.ack(first)
    await consumer.ackAll(rest)
    const [again] = await received(consumer, 1)
    expect(again).toMatchObject({ topic: TOPIC, reconsumeTimes: 1, messageId: second.messageId })
    await consumer.ack(again as PoppedMessage)
    expect(await consumer.receive(TOPIC, { waitMs: 4_000 })).toEqual([])
  })

  test('waits for a message, and no longer than it was told', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 2 }] })
    const consumer = await receiving(world)
    expect(await consumer.receive(TOPIC, { waitMs: 50 })).toEqual([])
    const waiting = consumer.receive(TOPIC)
    await sent(world, ['late'])
    expect(bodiesOf(await waiting)).toEqual(['late'])
  })

  test('stops waiting when its signal says so', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 2 }] })
    const consumer = await receiving(world)
    const stop = new AbortController()
    const waiting = consumer.receive(TOPIC, { signal: stop.signal })
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
  })

  test('keeps a message with the receipt of its prolonged time', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 1 }] })
    await sent(world, ['a', 'b'], 1)
    const consumer = await receiving(world, { invisibleTimeMs: 2_000 })
    const [a, b] = (await received(consumer, 2)) as [PoppedMessage, PoppedMessage]
    const longer = await consumer.changeInvisibleTime(a, 60_000)
    expect(longer.receipt).not.toBe(a.receipt)
    // b was left alone, so its time passes; a, whose time was longer, does not come with it.
    expect(bodiesOf(await consumer.receive(TOPIC))).toEqual([b.body.toString()])
    await consumer.ack(longer)
  })

  test('has one tag, and leaves none of the others to the group', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 1 }] })
    await sent(world, ['x1', 'y1', 'x2'], 1)
    const consumer = await receiving(world)
    const messages = await consumer.receive(TOPIC, { expression: 'x' })
    expect(bodiesOf(messages)).toEqual(['x1', 'x2'])
  })

  test('puts a hopeless message into the dead letters', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 1 }] })
    await sent(world, ['poison'], 1)
    const consumer = await receiving(world, { invisibleTimeMs: 1_000 })
    const [first] = await received(consumer, 1)
    const [again] = await received(consumer, 1)
    expect(again?.reconsumeTimes).toBe(1)
    await consumer.deadLetter(again as PoppedMessage)
    const reader = new PullConsumer({ namesrvAddr: world.namesrvAddr, consumerGroup: 'reader' })
    world.atEnd(() => reader.shutdown())
    await reader.start()
    const queue = { topic: '%DLQ%simple', brokerName: 'broker-a', queueId: 0 }
    const { messages } = await reader.pull(queue, 0, { suspendMs: 10_000 })
    expect(messages[0]).toMatchObject({ messageId: first?.messageId })
    expect(messages[0]?.body.toString()).toBe('poison')
  })

  test('in order gets the next messages of a queue when those before are acknowledged', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 1 }] })
    await sent(world, ['1', '2', '3'], 1)
    const consumer = await receiving(world, { orderly: true })
    const other = await receiving(world, { orderly: true })
    const [one, two] = (await consumer.receive(TOPIC, { countMax: 2 })) as [PoppedMessage, PoppedMessage]
    expect([one, two].map(({ body }) => body.toString())).toEqual(['1', '2'])
    expect(await other.receive(TOPIC, { waitMs: 0 })).toEqual([])
    const waiting = other.receive(TOPIC)
    await consumer.ack(one)
    await consumer.ack(two)
    expect(bodiesOf(await waiting)).toEqual(['3'])
  })

  test('gets messages of a higher priority first', async () => {
    await using world = await World.start()
    const admin = new Admin({ namesrvAddr: world.namesrvAddr })
    world.atEnd(() => admin.shutdown())
    await admin.start()
    await admin.createTopic(TOPIC, { queues: 4, attributes: { 'message.type': 'PRIORITY' } })
    const producer = await world.producer()
    for (const priority of [1, 0, 3, 2])
      await producer.send({ topic: TOPIC, body: String(priority), priority })
    const illegal = { topic: TOPIC, body: 'x', priority: 1, delayTimeLevel: 1 }
    await expect(producer.send(illegal)).rejects.toMatchObject({ code: 'PROPERTY_ILLEGAL' })
    const consumer = await receiving(world)
    const bodies: string[] = []
    while (bodies.length < 4) {
      const messages = await consumer.receive(TOPIC, { countMax: 1 })
      bodies.push(...messages.map(({ body }) => body.toString()))
    }
    expect(bodies).toEqual(['3', '2', '1', '0'])
  })

  test('finds what is at either of two brokers', async () => {
    await using world = await World.start({ brokers: 2, topics: [{ topic: TOPIC, queues: 1 }] })
    const producer = await world.producer()
    const queues = await queuesOf(world)
    for (const queue of queues) await producer.send({ topic: TOPIC, body: queue.brokerName }, { queue })
    expect(queues).toHaveLength(2)
    const consumer = await receiving(world)
    const messages = await received(consumer, 2)
    expect(new Set(messages.map(({ brokerName }) => brokerName)).size).toBe(2)
    await consumer.ackAll(messages)
    const waiting = consumer.receive(TOPIC)
    await producer.send({ topic: TOPIC, body: 'more' }, { queue: queues[0] as MessageQueue })
    expect(bodiesOf(await waiting)).toEqual(['more'])
  })
})
