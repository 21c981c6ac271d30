import { describe, expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { Ctx, EventPattern, Payload, RpcException } from '@nestjs/microservices'
import { RocketMQContext } from './context.js'
import { RocketMQEvent } from './decorators.js'
import type { DeliveryFailure } from './delivery-failure.js'
import { DeadLetterException, IgnoreMessageException, RetryLaterException } from './exceptions.js'
import { serve, silent } from './server.fixture.js'

describe('events', () => {
  // B1, B21, B24
  test('a stock handler gets the plain JSON body and our context', async () => {
    const seen: unknown[] = []
    @Controller()
    class Orders {
      @EventPattern<string>('order_topic:created')
      created(@Payload() order: object, @Ctx() context: RocketMQContext): void {
        seen.push(order, context.getTopic(), context.getTag(), context.getKeys(), context.getMetadata())
        seen.push(
          context.getGroup(),
          context.getDeliveryAttempt(),
          context.getPattern(),
          context.getProperty('TAGS'),
        )
      }
    }
    const { broker, app, send } = await serve([Orders])
    send('order_topic', { id: 7 }, { tag: 'created', keys: ['o7'], properties: { tenant: 'x' } })
    send('order_topic', { id: 8 }, { tag: 'cancelled' })
    await broker.settled()
    expect(seen).toEqual([
      { id: 7 },
      'order_topic',
      'created',
      ['o7'],
      { tenant: 'x' },
      'shop',
      1,
      'order_topic:created',
      'created',
    ])
    await app.close()
  })

  // B13, B14, B57
  test('a handler that fails gets the message again, and at the limit it is a dead letter', async () => {
    const attempts: number[] = []
    @Controller()
    class Failing {
      @RocketMQEvent('a', { maxReconsumeTimes: 2 })
      handle(@Payload() _data: unknown, @Ctx() context: RocketMQContext): void {
        attempts.push(context.getDeliveryAttempt())
        throw new RpcException('no stock')
      }
    }
    const { broker, strategy, app, send } = await serve([Failing])
    const failures: DeliveryFailure[] = []
    strategy.on('retry', (failure) => failures.push(failure))
    const { messageId } = send('a', { id: 1 })
    await broker.settled()
    expect(attempts).toEqual([1, 2, 3])
    expect(broker.bodies('%DLQ%shop')).toEqual(['{"id":1}'])
    expect(failures[0]).toEqual({
      messageId,
      topic: 'a',
      tag: undefined,
      group: 'shop',
      attempt: 1,
      reason: 'no stock',
    })
    await app.close()
  })

  test.each([
    ['a failure', {}, new RpcException('no stock'), ['dropped']],
    ['a dead letter', {}, new DeadLetterException('never'), ['dropped']],
    [
      'a failure in order, which is tried again in place up to the limit,',
      { orderly: true, maxReconsumeTimes: 1 },
      new RpcException('no'),
      ['retry', 'dropped'],
    ],
  ])('%s in a broadcast group is told as what becomes of it', async (_, more, problem, told) => {
    @Controller()
    class Failing {
      @RocketMQEvent('a', { broadcast: true, maxReconsumeTimes: 0, ...more })
      handle(): void {
        throw problem
      }
    }
    const { broker, strategy, app, send } = await serve([Failing])
    const lines: unknown[] = []
    const note = (line: { message: string }) => void lines.push(line.message)
    app.useLogger({ ...silent, warn: note, error: note })
    const events: string[] = []
    for (const event of ['retry', 'deadLetter', 'dropped'] as const)
      strategy.on(event, () => events.push(event))
    send('a', { id: 1 })
    await broker.settled()
    expect(events).toEqual(told)
    const dropped = 'handler failed; a broadcast group has no retry, the message is dropped'
    const again = 'handler failed, the message will be delivered again'
    expect(lines).toEqual(told.map((one) => (one === 'dropped' ? dropped : again)))
    await app.close()
  })

  // B33
  test('exceptions decide: dead-letter at once, ignore, retry later', async () => {
    const calls: string[] = []
    @Controller()
    class Deciding {
      @RocketMQEvent('a')
      handle(@Payload() what: string, @Ctx() context: RocketMQContext): void {
        calls.push(`${what} ${context.getDeliveryAttempt()}`)
        if (what === 'dead') throw new DeadLetterException('never')
        if (what === 'ignore') throw new IgnoreMessageException()
        if (context.getDeliveryAttempt() === 1) throw new RetryLaterException(30_000)
      }
    }
    const { broker, app, send } = await serve([Deciding])
    for (const what of ['dead', 'ignore', 'later']) send('a', what)
    await broker.settled()
    expect(calls).toEqual(['dead 1', 'ignore 1', 'later 1', 'later 2'])
    expect(broker.bodies('%DLQ%shop')).toEqual(['"dead"'])
    await app.close()
  })

  // B28
  test('a body that is no JSON goes to the dead-letter topic and the next message is handled', async () => {
    const seen: unknown[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a')
      handle(@Payload() data: unknown): void {
        seen.push(data)
      }
      @RocketMQEvent('text', { codec: 'text' })
      text(@Payload() data: unknown): void {
        seen.push(data)
      }
    }
    const { broker, app, send } = await serve([Orders])
    broker.store({ topic: 'a', body: Buffer.from('{"broken') })
    broker.store({ topic: 'text', body: Buffer.from('Hello RocketMQ') })
    send('a', [1])
    await broker.settled()
    expect(seen).toEqual(['Hello RocketMQ', [1]])
    expect(broker.bodies('%DLQ%shop')).toEqual(['{"broken'])
    await app.close()
  })

  // B20
  test('of handlers in two groups each gets every message, and only the failed one again', async () => {
    const calls: string[] = []
    @Controller()
    class Two {
      @RocketMQEvent('a')
      stock(): void {
        calls.push('stock')
      }
      @RocketMQEvent('a', { group: 'mail', maxReconsumeTimes: 1 })
      mail(): void {
        calls.push('mail')
        throw new RpcException('no smtp')
      }
    }
    const { broker, app, send } = await serve([Two])
    send('a', {})
    await broker.settled()
    expect(calls.sort()).toEqual(['mail', 'mail', 'stock'])
    await app.close()
  })
})
