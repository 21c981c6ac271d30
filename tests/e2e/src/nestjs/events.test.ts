import { describe, expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { Ctx, EventPattern, Payload } from '@nestjs/microservices'
import { Producer } from '@rockhopper/client'
import {
  DeadLetterException,
  RetryLaterException,
  RocketMQContext,
  RocketMQEvent,
  RocketMQRecordBuilder,
} from '@rockhopper/nestjs'
import { bodiesOf, startService, until } from './service.fixture.js'

describe('events through a real broker', () => {
  test('a stock handler gets what a plain producer sent, tag, keys and properties included', async () => {
    const seen: { data: unknown; id: string; metadata: unknown; keys: readonly string[] }[] = []
    @Controller()
    class Orders {
      @EventPattern<string>('order_topic:created||paid')
      handle(@Payload() data: unknown, @Ctx() context: RocketMQContext): void {
        const { tenant } = context.getMetadata()
        seen.push({ data, id: context.getMessageId(), metadata: tenant, keys: context.getKeys() })
      }
    }
    const service = await startService(['order_topic'], [Orders])
    const producer = new Producer({ namesrvAddr: service.mq.nameserverAddress, producerGroup: 'plain' })
    await producer.start()
    const body = '{"id":7,"name":"Kuß"}'
    const fields = { keys: ['o7'], properties: { tenant: 'x' } }
    await producer.send({ topic: 'order_topic', body: '{"id":6}', tag: 'cancelled' })
    const { messageId } = await producer.send({ topic: 'order_topic', body, tag: 'created', ...fields })
    await service.client.publish('order_topic:paid', { id: 8 })
    await until('two messages handled', () => seen.length === 2)
    const created = seen.find(({ id }) => id === messageId)
    expect(created).toEqual({ data: { id: 7, name: 'Kuß' }, id: messageId, metadata: 'x', keys: ['o7'] })
    expect(seen.map(({ data }) => (data as { id: number }).id).sort()).toEqual([7, 8])
    await producer.shutdown()
    await service.close()
  })

  test('the broker brings a failed message again, and at the limit it is a dead letter', async () => {
    const attempts: [unknown, number, string][] = []
    @Controller()
    class Failing {
      @RocketMQEvent('order_topic', { maxReconsumeTimes: 1 })
      handle(@Payload() data: unknown, @Ctx() context: RocketMQContext): void {
        attempts.push([data, context.getDeliveryAttempt(), context.getTopic()])
        throw new RetryLaterException(1_000)
      }
    }
    const service = await startService(['order_topic'], [Failing])
    const told: string[] = []
    service.strategy.on('retry', ({ messageId }) => told.push(`retry ${messageId}`))
    service.strategy.on('deadLetter', ({ messageId }) => told.push(`dead letter ${messageId}`))
    const { messageId } = await service.client.publish('order_topic', { id: 1 })
    await until(
      'the dead letter',
      async () => attempts.length >= 2 && (await deadLetters(service.mq)).length === 1,
    )
    expect(attempts).toEqual([
      [{ id: 1 }, 1, 'order_topic'],
      [{ id: 1 }, 2, 'order_topic'],
    ])
    expect(await deadLetters(service.mq)).toEqual(['{"id":1}'])
    expect(told).toEqual([`retry ${messageId}`, `dead letter ${messageId}`])
    await service.close()
  })

  test('DeadLetterException and a body that is no JSON are dead letters at once; others go on', async () => {
    const seen: unknown[] = []
    @Controller()
    class Picky {
      @RocketMQEvent('order_topic')
      handle(@Payload() data: { poison?: boolean }): void {
        if (data.poison === true) throw new DeadLetterException('poison')
        seen.push(data)
      }
    }
    const service = await startService(['order_topic'], [Picky])
    await service.client.publish('order_topic', { poison: true })
    await service.client.publish('order_topic', Buffer.from('no json'))
    await service.client.publish('order_topic', { fine: true })
    await until('both dead letters', async () => (await deadLetters(service.mq)).length === 2)
    await until('the good one', () => seen.length === 1)
    expect((await deadLetters(service.mq)).sort()).toEqual(['no json', '{"poison":true}'])
    await service.close()
  })

  test('messages of one sharding key reach an orderly handler in order', async () => {
    const seen: number[] = []
    @Controller()
    class Ordered {
      @RocketMQEvent('order_topic', { orderly: true })
      async handle(@Payload() { n }: { n: number }): Promise<void> {
        await new Promise((resolve) => setImmediate(resolve))
        seen.push(n)
      }
    }
    const service = await startService(['order_topic'], [Ordered])
    const numbers = Array.from({ length: 30 }, (_, n) => n)
    for (const n of numbers) {
      const record = new RocketMQRecordBuilder({ n }).setShardingKey('order-1').build()
      await service.client.publish('order_topic', record)
    }
    await until('all handled', () => seen.length === numbers.length)
    expect(seen).toEqual(numbers)
    await service.close()
  })
})

async function deadLetters(mq: Parameters<typeof bodiesOf>[0]): Promise<string[]> {
  // The topic exists from the first dead letter on.
  return bodiesOf(mq, '%DLQ%e2e').catch(() => [])
}
