import { expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { Ctx, Payload } from '@nestjs/microservices'
import { RocketMQContext } from './context.js'
import { RocketMQEvent } from './decorators.js'
import { serve } from './server.fixture.js'

// B21
test('the context of a delivery tells where the message is from, and has the clients at hand', async () => {
  const contexts: RocketMQContext[] = []
  @Controller()
  class Orders {
    @RocketMQEvent('order_topic', { group: 'audit' })
    async handle(@Payload() _order: unknown, @Ctx() context: RocketMQContext): Promise<void> {
      contexts.push(context)
      await context.getProducer().send({ topic: 'copies', body: context.getMessage().body })
      context.getConsumer().suspend()
    }
  }
  const { broker, app } = await serve([Orders])
  const message = { topic: 'order_topic', tag: 'paid', keys: ['o7'], body: Buffer.from('{"id":7}') }
  const facts = { queueId: 3, queueOffset: 41, bornTimestamp: 1_700_000_000_000, reconsumeTimes: 2 }
  const stored = broker.store({ ...message, properties: { tenant: 'x' } }, facts)
  await broker.settled()
  broker.store(message)
  await broker.settled()
  // The second one stays where it is: the handler suspended its consumer.
  expect([contexts.length, broker.bodies('copies')]).toEqual([1, ['{"id":7}']])
  const [context] = contexts as [RocketMQContext]
  expect(context.getMessage()).toBe(stored)
  expect(context.getArgs()[0]).toBe(stored)
  expect(context.getArgByIndex(0)).toBe(stored)
  expect({
    topic: context.getTopic(),
    tag: context.getTag(),
    keys: context.getKeys(),
    messageId: context.getMessageId(),
    group: context.getGroup(),
    queueId: context.getQueueId(),
    queueOffset: context.getQueueOffset(),
    attempt: context.getDeliveryAttempt(),
    bornTimestamp: context.getBornTimestamp(),
    properties: context.getProperties(),
    tenant: context.getProperty('tenant'),
    absent: context.getProperty('constructor'),
    pattern: context.getPattern(),
    metadata: context.getMetadata(),
  }).toEqual({
    topic: 'order_topic',
    tag: 'paid',
    keys: ['o7'],
    messageId: stored.messageId,
    group: 'audit',
    queueId: 3,
    queueOffset: 41,
    attempt: 3,
    bornTimestamp: 1_700_000_000_000,
    properties: stored.properties,
    tenant: 'x',
    absent: undefined,
    pattern: 'order_topic',
    metadata: { tenant: 'x' },
  })
  await app.close()
})
