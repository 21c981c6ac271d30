import { describe, expect, test } from '@jest/globals'
import { LitePullConsumer, type LitePullConsumerOptions } from '@rockhopper/client'
import { World } from './world.fixture.js'

const TOPIC = 'T'

async function sent(world: World, count: number): Promise<void> {
  const producer = await world.producer()
  for (let at = 0; at < count; at++) {
    const queue = { topic: TOPIC, brokerName: 'broker-a', queueId: at % 2 }
    await producer.send({ topic: TOPIC, body: String(at), tag: at % 3 === 0 ? 'third' : 'other' }, { queue })
  }
}

function polling(world: World, options: Partial<LitePullConsumerOptions> = {}): LitePullConsumer {
  const consumer = new LitePullConsumer({
    namesrvAddr: world.namesrvAddr,
    consumerGroup: 'polling',
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
    ...options,
  })
  world.atEnd(() => consumer.shutdown())
  return consumer
}

async function polled(consumer: LitePullConsumer, count: number): Promise<number[]> {
  const bodies: number[] = []
  while (bodies.length < count) {
    const messages = await consumer.poll({ timeoutMs: 10_000, countMax: count - bodies.length })
    if (messages.length === 0) break
    bodies.push(...messages.map(({ body }) => Number(body)))
  }
  return bodies
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)
const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b)

describe('a lite pull consumer', () => {
  test('what was polled and followed by another poll is not polled again by the next one', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 2 }] })
    await sent(world, 20)
    const first = polling(world)
    first.subscribe(TOPIC)
    await first.start()
    const one = await polled(first, 10)
    // This poll says that the ten before it are consumed; nobody says so of this one.
    const unfinished = await first.poll({ countMax: 1 })
    expect(unfinished).toHaveLength(1)
    await first.shutdown()
    const second = polling(world)
    second.subscribe(TOPIC)
    await second.start()
    expect(ascending([...one, ...(await polled(second, 10))])).toEqual(upTo(20))
  })

  test('without autoCommit only commit counts', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 2 }] })
    await sent(world, 4)
    const first = polling(world, { autoCommit: false })
    first.subscribe(TOPIC)
    await first.start()
    expect(ascending(await polled(first, 4))).toEqual(upTo(4))
    const queues = first.assignment()
    const committed = () => Promise.all(queues.map((queue) => first.committed(queue)))
    expect((await committed()).map((offset) => offset ?? 0)).toEqual([0, 0])
    await first.commit()
    expect(await committed()).toEqual([2, 2])
  })

  test('assigned queues are read by whoever asks, and seek goes anywhere', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 2 }] })
    await sent(world, 10)
    const queue = { topic: TOPIC, brokerName: 'broker-a', queueId: 1 }
    const members = [polling(world), polling(world)]
    for (const member of members) {
      member.assign([queue])
      await member.start()
      expect(await polled(member, 5)).toEqual([1, 3, 5, 7, 9])
    }
    const [member] = members as [LitePullConsumer]
    await member.seek(queue, 3)
    expect(await polled(member, 2)).toEqual([7, 9])
    await member.seekToBegin(queue)
    expect(await polled(member, 1)).toEqual([1])
    await member.seekToEnd(queue)
    expect(await member.poll({ timeoutMs: 50 })).toEqual([])
    expect(await member.offsetForTimestamp(queue, Date.now() + 60_000)).toBe(5)
    await expect(member.seek({ ...queue, queueId: 0 }, 0)).rejects.toMatchObject({ code: 'QUEUE_NOT_FOUND' })
    expect(() => member.subscribe(TOPIC)).toThrow('either subscribes to topics or is assigned queues')
  })

  test('a paused queue is passed over until it is resumed; tags filter', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 2 }] })
    await sent(world, 12)
    const consumer = polling(world)
    consumer.subscribe(TOPIC, 'third')
    await consumer.start()
    await consumer.ready()
    const paused = consumer.assignment().filter(({ queueId }) => queueId === 0)
    consumer.pause(paused)
    expect(await polled(consumer, 2)).toEqual([3, 9])
    expect(await consumer.poll({ timeoutMs: 50 })).toEqual([])
    consumer.resume(paused)
    expect(await polled(consumer, 2)).toEqual([0, 6])
  })

  test('for await hands out each message once, until shutdown; members share the queues', async () => {
    await using world = await World.start({ topics: [{ topic: TOPIC, queues: 2 }] })
    const members = [polling(world), polling(world)]
    for (const member of members) {
      member.subscribe(TOPIC)
      await member.start()
    }
    const seen: number[] = []
    let done = () => {}
    const all = new Promise<void>((resolve) => {
      done = resolve
    })
    const loops = members.map(async (member) => {
      for await (const { body } of member) {
        seen.push(Number(body))
        if (seen.length === 30) done()
      }
    })
    await sent(world, 30)
    await all
    await Promise.all(members.map((member) => member.shutdown()))
    await Promise.all(loops)
    expect(ascending(seen)).toEqual(upTo(30))
  })
})
