import { describe, expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { Payload } from '@nestjs/microservices'
import { ClientRocketMQ } from './client.js'
import { DEAD_LETTER } from './dead-letter.js'
import { RocketMQEvent } from './decorators.js'
import { serve } from './server.fixture.js'
import type { SchemaResult, TopicSchema } from './topic-schema.js'
import { defineTopics } from './topics.js'

interface Order {
  readonly id: string
  readonly total: number
}

/** A Standard Schema by hand: an order whose total may come as text. */
const order: TopicSchema<{ id: string; total: number | string }, Order> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value): Promise<SchemaResult<Order>> => {
      const { id, total } = (value ?? {}) as { id?: unknown; total?: unknown }
      if (typeof id !== 'string') return { issues: [{ message: 'want a text', path: ['id'] }] }
      return { value: { id, total: Number(total) } }
    },
  },
}
const topics = defineTopics({ 'order.created': order })

describe('defineTopics', () => {
  // B23
  test('a handler gets what its schema makes of a payload; what it refuses is a dead letter', async () => {
    const seen: Order[] = []
    @Controller()
    class Orders {
      @topics.Event('order.created', { group: 'shop' })
      created(created: Order): void {
        seen.push(created)
      }
    }
    const { broker, app, send } = await serve([Orders])
    send('order', { id: 'a', total: '3' }, { tag: 'created' })
    send('order', { total: 1 }, { tag: 'created' })
    send('order', { id: 'b', total: 4 }, { tag: 'created' })
    await broker.settled()
    expect(seen).toEqual([
      { id: 'a', total: 3 },
      { id: 'b', total: 4 },
    ])
    const reason = "payload of 'order:created': id: want a text"
    expect(broker.topics.get('%DLQ%shop')).toMatchObject([{ properties: { [DEAD_LETTER.reason]: reason } }])
    expect(broker.delays).toEqual([])
    await app.close()
  })

  test('given to the server they check payloads of any handler, and the policy decides', async () => {
    const seen: unknown[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('order')
      any(@Payload() payload: unknown): void {
        seen.push(payload)
      }
    }
    const { broker, app, send } = await serve([Orders], { topics, onInvalid: 'ignore' })
    send('order', { total: 1 }, { tag: 'created' })
    send('order', { total: '2' }, { tag: 'other' })
    await broker.settled()
    expect(seen).toEqual([{ total: '2' }])
    expect(broker.bodies('%DLQ%shop')).toEqual([])
    await app.close()
  })

  // B42
  test('a publisher sends what its schema takes, one by one or as a batch, and nothing else', async () => {
    const { broker, app } = await serve([])
    const client = new ClientRocketMQ({ namesrvAddr: 'memory', clients: broker })
    const publisher = topics.publisher(client)
    const receipt = await publisher.publish('order.created', { id: 'a', total: '1' })
    expect(receipt).toMatchObject({ status: 'SEND_OK', queueOffset: 0 })
    const receipts = await publisher.publishBatch('order.created', [
      { id: 'b', total: 2 },
      { id: 'c', total: 3 },
    ])
    expect(receipts.map(({ queueOffset }) => queueOffset)).toEqual([1, 2])
    expect(new Set(receipts.map(({ messageId }) => messageId)).size).toBe(2)
    await expect(publisher.publish('order.created', { total: 1 } as never)).rejects.toThrow(
      "publishing 'order.created': id: want a text",
    )
    expect(broker.bodies('order')).toEqual([
      '{"id":"a","total":1}',
      '{"id":"b","total":2}',
      '{"id":"c","total":3}',
    ])
    await client.close()
    await app.close()
  })

  test('a name with two tags is refused', () => {
    expect(() => defineTopics({ 'order:a||b': order })).toThrow('a message carries one tag')
  })
})
