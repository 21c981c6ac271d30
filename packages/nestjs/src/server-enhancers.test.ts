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
  type NestInterceptor,
  type PipeTransform,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common'
import { CONTEXT, Payload, type RequestContext, RpcException } from '@nestjs/microservices'
import { EMPTY, map, type Observable } from 'rxjs'
import { ClientRocketMQ } from './client.js'
import { RocketMQContext } from './context.js'
import { RocketMQEvent, RocketMQMessage } from './decorators.js'
import { serve } from './server.fixture.js'

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

  // B36
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

  // B16, B36
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

  // B19
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

  // B15
  test('the processing hooks run once each per message, also when the handler fails', async () => {
    const events: string[] = []
    @Controller()
    class Mixed {
      @RocketMQEvent('a', { maxReconsumeTimes: 0 })
      handle(@Payload() fails: boolean): void {
        events.push('handler')
        if (fails) throw new RpcException('no')
      }
      @RocketMQMessage('ask')
      ask(@Payload() fails: boolean): string {
        events.push('answerer')
        if (fails) throw new RpcException('no')
        return 'yes'
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
    expect(events.splice(0)).toEqual(['start', 'handler', 'end', 'start', 'handler', 'end'])
    const client = new ClientRocketMQ({ namesrvAddr: 'memory', clients: broker })
    expect(await client.request('ask', false)).toBe('yes')
    await expect(client.request('ask', true)).rejects.toThrow('no')
    await broker.settled()
    expect(events).toEqual(['start', 'answerer', 'end', 'start', 'answerer', 'end'])
    await client.close()
    await app.close()
  })
})
