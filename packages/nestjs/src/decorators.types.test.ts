import { expect, test } from '@jest/globals'
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices'
import { RocketMQContext } from './context.js'
import { RocketMQEvent, RocketMQMessage, rocketMQHandlers } from './decorators.js'
import { ROCKETMQ_TRANSPORT } from './transport.js'

class Order {
  readonly id: string = ''
}

const typed = rocketMQHandlers<{ 'order_topic:created': Order; 'inventory.quote': { sku: string } }>()

/**
 * Every form that must compile; a form marked with ts-expect-error must not. `tsc` of tsconfig.check.json is
 * the test.
 */
class Forms {
  @RocketMQEvent('a')
  withoutParameters(): void {}

  @RocketMQEvent('a', { group: 'g', concurrency: 4 })
  payloadAndContext(@Payload() _order: Order, @Ctx() _context: RocketMQContext): void {}

  @RocketMQEvent(['a', { topic: 'b', tag: 'x' }])
  severalPatterns(@Payload('id') _id: string): void {}

  @RocketMQMessage('inventory.quote')
  async request(@Payload() _data: { sku: string }, @Ctx() _context: RocketMQContext): Promise<number> {
    return 1
  }

  @typed.Event('order_topic:created')
  typedEvent(_order: Order, _context: RocketMQContext): void {}

  @typed.Event('order_topic:created')
  typedEventWithoutContext(_order: Order): void {}

  @typed.Message('inventory.quote')
  typedRequest(_data: { sku: string }): number {
    return 1
  }

  // @ts-expect-error The payload of this topic is an Order.
  @typed.Event('order_topic:created')
  wrongPayload(_order: { sku: number }): void {}

  // @ts-expect-error There is no such extra.
  @RocketMQEvent('a', { grupo: 'g' })
  wrongExtra(): void {}

  @RocketMQEvent(/^order_/, { group: 'audit' })
  regularExpression(@Payload() _order: Order, @Ctx() _context: RocketMQContext): void {}

  @RocketMQEvent({ topic: 'a', sql: 'price > 5' })
  sqlFilter(@Payload() _order: Order, @Ctx() _context: RocketMQContext): void {}

  @RocketMQEvent('a', { batch: { size: 10, waitMs: 100 } })
  batch(@Payload() _orders: Order[], @Ctx() _context: RocketMQContext): void {}

  @RocketMQEvent('a', { retry: { attempts: 3, deadLetter: [TypeError] }, ackMode: 'manual', orderly: true })
  async extras(@Payload() _order: Order, @Ctx() context: RocketMQContext): Promise<void> {
    context.ack()
  }

  @EventPattern(/^order_/, ROCKETMQ_TRANSPORT)
  stockEventWithRegularExpression(@Payload() _order: Order, @Ctx() _context: RocketMQContext): void {}

  @MessagePattern('a', ROCKETMQ_TRANSPORT, { group: 'g' })
  stockRequestWithExtras(@Payload('id') _id: string, @Ctx() _context: RocketMQContext): void {}

  @EventPattern({ topic: 'a', tag: 'x' }, ROCKETMQ_TRANSPORT)
  stockEventWithObject(@Payload() _order: Order, @Ctx() _context: RocketMQContext): void {}

  @MessagePattern('a')
  stockRequest(@Payload() _order: Order, @Ctx() _context: RocketMQContext): void {}
}

// B4, B30, B32
test('our decorators leave the metadata of Nest with our transport', () => {
  const metadata = (name: string) => Reflect.getMetadata(name, Forms.prototype.payloadAndContext)
  expect(metadata('microservices:pattern')).toEqual(['a'])
  expect(metadata('microservices:transport')).toBe(ROCKETMQ_TRANSPORT)
  expect(metadata('microservices:pattern_extras')).toEqual({ group: 'g', concurrency: 4 })
  expect(ROCKETMQ_TRANSPORT).toBe(Symbol.for('rockhopper.nestjs.rocketmq'))
})
