import { describe, expect, test } from '@jest/globals'
import { Inbox, untilTogether } from './inbox.fixture.js'
import { World } from './world.fixture.js'

describe('two brokers', () => {
  test('one is stopped: sends go on at the other, consumers take both', async () => {
    await using world = await World.start({ brokers: 2, topics: [{ topic: 'T', queues: 2 }] })
    const producer = await world.producer()
    const inboxes = [new Inbox(), new Inbox()] as const
    for (const inbox of inboxes) await world.consumer(inbox, { T: '*' })
    const got = () => new Set(inboxes.flatMap((inbox) => inbox.bodies()))
    const sent = new Map<string, string>()
    const send = async (body: string) => {
      const result = await producer.send({ topic: 'T', body })
      sent.set(body, result.queue.brokerName)
    }
    for (let at = 0; at < 40; at++) await send(`before ${at}`)
    expect(new Set(sent.values())).toEqual(new Set(['broker-a', 'broker-b']))
    await untilTogether(inboxes, 'all before', () => [...sent.keys()].every((body) => got().has(body)))

    await world.mq.brokers[0]?.stop()
    for (let at = 0; at < 40; at++) await send(`behind ${at}`)
    const behind = [...sent].filter(([body]) => body.startsWith('behind'))
    expect(new Set(behind.map(([, brokerName]) => brokerName))).toEqual(new Set(['broker-b']))
    await untilTogether(inboxes, 'all behind', () => behind.every(([body]) => got().has(body)))
  })
})
