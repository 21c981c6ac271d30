import { describe, expect, test } from '@jest/globals'
import {
  type ArgumentMetadata,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  type LoggerService,
  type NestInterceptor,
  type PipeTransform,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common'
import { CONTEXT, Ctx, EventPattern, Payload, type RequestContext, RpcException } from '@nestjs/microservices'
import { Test } from '@nestjs/testing'
import { EMPTY, map, type Observable } from 'rxjs'
import type { RocketMQContext } from './context.js'
import { RocketMQEvent } from './decorators.js'
import { DeadLetterException, IgnoreMessageException, RetryLaterException } from './exceptions.js'
import { deferred, MemoryBroker } from './memory-broker.fixture.js'
import type { RocketMQServerOptions } from './options.js'
import { type DeliveryFailure, ServerRocketMQ } from './server.js'

const silent: LoggerService = { log() {}, error() {}, warn() {} }

async function serve(controllers: Type[], options: RocketMQServerOptions = {}, providers: Type[] = []) {
  const broker = new MemoryBroker()
  const strategy = new ServerRocketMQ({
    namesrvAddr: 'memory',
    consumerGroup: 'shop',
    clients: broker,
    ...options,
  })
  const module = await Test.createTestingModule({ controllers, providers }).setLogger(silent).compile()
  const app = module.createNestMicroservice({ strategy })
  await app.listen()
  const send = (topic: string, body: unknown, more: object = {}) => {
    return broker.store({ topic, body: Buffer.from(JSON.stringify(body)), ...more })
  }
  return { broker, strategy, app, send }
}

describe('events', () => {
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

  test('a handler that fails gets the message again, and after the limit it is in the dead-letter topic', async () => {
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

  test('handlers of one pattern in two groups each get every message, and only the failed one gets it again', async () => {
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

describe("Nest's enhancers", () => {
  @Injectable()
  class OnlyPaid implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      return context.switchToRpc().getData<{ paid?: boolean }>().paid === true
    }
  }

  class ToId implements PipeTransform {
    transform(value: unknown, { type }: ArgumentMetadata): unknown {
      return type === 'body' ? (value as { id: number }).id : value
    }
  }

  @Injectable()
  class Trace implements NestInterceptor {
    static readonly seen: string[] = []
    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      const id = context.switchToRpc().getContext<RocketMQContext>().getMessageId()
      return next.handle().pipe(map((value) => Trace.seen.push(`${id} ${String(value)}`)))
    }
  }

  @Catch()
  class Swallow implements ExceptionFilter {
    catch(): Observable<never> {
      return EMPTY
    }
  }

  test('guard, pipe and interceptor run around a handler', async () => {
    const seen: unknown[] = []
    @Controller()
    @UseGuards(OnlyPaid)
    @UseInterceptors(Trace)
    class Orders {
      @RocketMQEvent('a', { maxReconsumeTimes: 0 })
      @UsePipes(ToId)
      handle(@Payload() id: number): string {
        seen.push(id)
        return 'handled'
      }
    }
    const { broker, app, send } = await serve([Orders])
    const paid = send('a', { id: 1, paid: true })
    send('a', { id: 2 })
    await broker.settled()
    expect(seen).toEqual([1])
    expect(Trace.seen).toEqual([`${paid.messageId} handled`])
    expect(broker.bodies('%DLQ%shop')).toEqual(['{"id":2}'])
    await app.close()
  })

  test('a filter that swallows the error makes the message done', async () => {
    let calls = 0
    @Controller()
    @UseFilters(Swallow)
    class Failing {
      @RocketMQEvent('a')
      handle(): void {
        calls++
        throw new TypeError('db down')
      }
    }
    const { broker, app, send } = await serve([Failing])
    send('a', {})
    await broker.settled()
    expect(calls).toBe(1)
    expect(broker.bodies('%DLQ%shop')).toEqual([])
    await app.close()
  })

  test('a request-scoped controller is made anew for every message, with its own context', async () => {
    const seen: unknown[] = []
    let made = 0
    @Controller({ scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(CONTEXT) private readonly request: RequestContext<unknown, RocketMQContext>) {
        made++
      }
      @RocketMQEvent('a')
      handle(@Payload() data: number): void {
        seen.push([data, this.request.getContext().getQueueOffset()])
      }
    }
    const { broker, app, send } = await serve([Scoped])
    send('a', 10)
    send('a', 20)
    await broker.settled()
    expect(seen.sort()).toEqual([
      [10, 0],
      [20, 1],
    ])
    expect(made).toBe(2)
    await app.close()
  })

  test('the processing hooks run once each per message, also when the handler fails', async () => {
    const events: string[] = []
    @Controller()
    class Mixed {
      @RocketMQEvent('a', { maxReconsumeTimes: 0 })
      handle(@Payload() fails: boolean): void {
        events.push('handler')
        if (fails) throw new RpcException('no')
      }
    }
    const { broker, strategy, app, send } = await serve([Mixed])
    strategy.setOnProcessingStartHook((_transport, _context, done) => {
      events.push('start')
      void done()
    })
    strategy.setOnProcessingEndHook(() => events.push('end'))
    send('a', false)
    await broker.settled()
    send('a', true)
    await broker.settled()
    expect(events).toEqual(['start', 'handler', 'end', 'start', 'handler', 'end'])
    await app.close()
  })
})

describe('set-up and life cycle', () => {
  test('listen rejects with what is wrong in the set-up', async () => {
    @Controller()
    class Twice {
      @RocketMQEvent('a')
      one(): void {}
      @RocketMQEvent('a')
      two(): void {}
    }
    await expect(serve([Twice])).rejects.toThrow("two event handlers of group 'shop' take 'a'")
  })

  test('listen rejects when no name server answers, and works when one does', async () => {
    const broker = new MemoryBroker()
    broker.down = new Error('connection refused')
    const strategy = new ServerRocketMQ({ namesrvAddr: 'memory', clients: broker, connectAttempts: 1 })
    const seen: string[] = []
    strategy.status.subscribe((status) => seen.push(status))
    const listen = () => new Promise<unknown>((resolve) => void strategy.listen(resolve))
    expect(await listen()).toBe(broker.down)
    broker.down = undefined
    expect(await listen()).toBeUndefined()
    await strategy.close()
    expect(seen).toEqual([
      'connecting',
      'draining',
      'disconnected',
      'connecting',
      'connected',
      'draining',
      'closed',
    ])
  })

  test('close may come before listen, twice, and with a signal', async () => {
    const strategy = new ServerRocketMQ({ namesrvAddr: 'memory', clients: new MemoryBroker() })
    await strategy.close('SIGTERM')
    await strategy.close()
    expect(await new Promise((resolve) => void strategy.listen(resolve))).toMatchObject({ code: 'CLOSED' })
  })

  test('close waits for the running handler, and afterwards none runs', async () => {
    const log: string[] = []
    const started = deferred()
    const finish = deferred()
    @Controller()
    class Slow {
      @RocketMQEvent('a')
      async handle(): Promise<void> {
        started.resolve()
        await finish.promise
        log.push('handler ended')
      }
    }
    const { app, send } = await serve([Slow])
    send('a', {})
    await started.promise
    const closing = app.close().then(() => log.push('closed'))
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(log).toEqual([])
    finish.resolve()
    await closing
    send('a', {})
    expect(log).toEqual(['handler ended', 'closed'])
  })

  test('nothing is pulled before resume when autoStart is off', async () => {
    const seen: unknown[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a')
      handle(@Payload() data: unknown): void {
        seen.push(data)
      }
    }
    const { broker, strategy, app, send } = await serve([Orders], { autoStart: false })
    send('a', 1)
    await broker.settled()
    expect(seen).toEqual([])
    await strategy.resume()
    await broker.settled()
    expect(seen).toEqual([1])
    strategy.pause()
    send('a', 2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen).toEqual([1])
    await strategy.resume()
    await broker.settled()
    expect(seen).toEqual([1, 2])
    expect([...strategy.unwrap().consumers.keys()]).toEqual(['shop'])
    await app.close()
  })

  test('a handler can be called without a broker', async () => {
    const { strategy, app } = await serve([])
    const seen: unknown[] = []
    strategy.addHandler('a:x', async (data: unknown) => void seen.push(data), true)
    await strategy.handleEvent('a:x', { pattern: 'a:x', data: 1 }, {} as never)
    expect(seen).toEqual([1])
    await app.close()
  })
})
