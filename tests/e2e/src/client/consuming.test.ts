import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Producer } from '@rockhopper/client'
import { Inbox, untilTogether } from './inbox.fixture.js'
import { World } from './world.fixture.js'

const bodies = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `m${from + at}`)
const sendAll = (producer: Producer, topic: string, all: readonly string[]) =>
  Promise.all(all.map((body) => producer.send({ topic, body })))
const queuesOf = (inbox: Inbox) => new Set(inbox.messages.map((message) => message.queueId))

describe('consuming', () => {
  test('two members split the queues, and the one that stays takes over', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 4 }] })
    const producer = await world.producer()
    const [first, second] = [new Inbox(), new Inbox()]
    await world.consumer(first, { T: '*' })
    const leaving = await world.consumer(second, { T: '*' })
    const inboxes = [first, second]
    const all = () => inboxes.flatMap((inbox) => inbox.bodies())
    // Send until both have something: the split is complete when the first one has heard of the second.
    for (let round = 0; second.messages.length === 0 || first.messages.length === 0; round++) {
      expect(round).toBeLessThan(200)
      await sendAll(producer, 'T', bodies(round * 4, round * 4 + 4))
      await untilTogether(inboxes, 'the round', () => all().length >= round * 4 + 4)
    }
    first.messages.length = 0
    second.messages.length = 0
    await sendAll(producer, 'T', bodies(1_000, 1_040))
    await untilTogether(inboxes, 'all of both', () => all().length >= 40)
    expect(all().sort()).toEqual(bodies(1_000, 1_040).sort())
    expect([...queuesOf(first), ...queuesOf(second)].sort()).toEqual([0, 1, 2, 3])
    expect(queuesOf(first).size).toBe(2)

    await leaving.shutdown()
    first.messages.length = 0
    await sendAll(producer, 'T', bodies(2_000, 2_040))
    await first.count(40)
    expect(first.bodies().sort()).toEqual(bodies(2_000, 2_040).sort())
  })

  test('a broadcast reaches every member, and a member that comes back goes on where it was', async () => {
    const offsetStoreDir = mkdtempSync(join(tmpdir(), 'rockhopper-e2e-'))
    await using world = await World.start({ topics: [{ topic: 'T', queues: 4 }] })
    world.atEnd(async () => rmSync(offsetStoreDir, { recursive: true }))
    const producer = await world.producer()
    const member = (instanceName: string) =>
      ({ messageModel: 'BROADCASTING', instanceName, offsetStoreDir }) as const
    const [one, two, again] = [new Inbox(), new Inbox(), new Inbox()]
    const leaving = await world.consumer(one, { T: '*' }, member('one'))
    await world.consumer(two, { T: '*' }, member('two'))
    await sendAll(producer, 'T', bodies(0, 20))
    await Promise.all([one.count(20), two.count(20)])
    expect(one.bodies().sort()).toEqual(two.bodies().sort())
    await leaving.shutdown()
    await sendAll(producer, 'T', bodies(20, 30))
    await world.consumer(again, { T: '*' }, member('one'))
    await Promise.all([again.count(10), two.count(30)])
    expect(again.bodies().sort()).toEqual(bodies(20, 30).sort())
  })

  test('a tag with the same hash is left out, and the offset passes it', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 1 }] })
    const producer = await world.producer()
    // Java: "Aa".hashCode() == "BB".hashCode() == 2112.
    for (const tag of ['BB', 'Aa', 'C', 'BB']) await producer.send({ topic: 'T', body: tag, tag })
    const inbox = new Inbox()
    const consumer = await world.consumer(inbox, { T: 'Aa || C' })
    await inbox.count(2)
    expect(inbox.bodies()).toEqual(['Aa', 'C'])
    await consumer.shutdown()
    const next = new Inbox()
    await world.consumer(next, { T: '*' })
    await producer.send({ topic: 'T', body: 'last' })
    await next.until('the last one', () => next.bodies().includes('last'))
    expect(next.bodies()).not.toContain('Aa')
    expect(next.bodies()).not.toContain('C')
  })

  test('a shutdown waits for what runs and commits it; the next member goes on behind it', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 1 }] })
    const producer = await world.producer()
    await sendAll(producer, 'T', bodies(0, 3))
    let end: () => void = () => {}
    const released = new Promise<void>((resolve) => {
      end = resolve
    })
    const first = new Inbox(() => released)
    const consumer = await world.consumer(first, { T: '*' }, { consumeThreads: 2 })
    await first.count(2)
    let down = false
    const shutdown = consumer.shutdown({ timeoutMs: 20_000 }).then(() => {
      down = true
    })
    await producer.send({ topic: 'T', body: 'behind' })
    expect(down).toBe(false)
    end()
    await shutdown
    expect(first.messages.length).toBe(2)
    const second = new Inbox()
    await world.consumer(second, { T: '*' })
    await second.count(2)
    expect([...first.bodies(), ...second.bodies()].sort()).toEqual([...bodies(0, 3), 'behind'].sort())
  })

  test('a listener that never ends does not hold a shutdown up, and its message comes again', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 1 }] })
    const producer = await world.producer()
    await producer.send({ topic: 'T', body: 'x' })
    const stuck = new Inbox((_, context) => new Promise(() => context.signal.aborted))
    const consumer = await world.consumer(stuck, { T: '*' })
    await stuck.count(1)
    await consumer.shutdown({ timeoutMs: 100 })
    const next = new Inbox()
    await world.consumer(next, { T: '*' })
    await next.count(1)
    expect(next.bodies()).toEqual(['x'])
  })

  test('a suspended consumer keeps its queues and consumes when it is resumed', async () => {
    await using world = await World.start({ topics: [{ topic: 'T', queues: 2 }] })
    const producer = await world.producer()
    const inbox = new Inbox()
    const consumer = await world.consumer(inbox, { T: '*' })
    consumer.suspend()
    await sendAll(producer, 'T', bodies(0, 10))
    expect(inbox.messages.length).toBe(0)
    consumer.resume()
    await inbox.count(10)
    expect(inbox.bodies().sort()).toEqual(bodies(0, 10).sort())
  })

  test('a topic subscribed after the start is consumed', async () => {
    await using world = await World.start({ topics: ['T', 'U'] })
    const producer = await world.producer()
    const inbox = new Inbox()
    const consumer = await world.consumer(inbox, { T: '*' })
    consumer.subscribe('U')
    await consumer.ready()
    await producer.send({ topic: 'U', body: 'late' })
    await inbox.count(1)
    consumer.unsubscribe('U')
    await producer.send({ topic: 'T', body: 'still' })
    await inbox.count(2)
    expect(inbox.bodies()).toEqual(['late', 'still'])
  })
})
