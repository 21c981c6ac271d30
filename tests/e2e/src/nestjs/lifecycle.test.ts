import { describe, expect, test } from '@jest/globals'
import {
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Module,
  type NestInterceptor,
  type OnApplicationBootstrap,
  type PipeTransform,
  Scope,
} from '@nestjs/common'
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core'
import { CONTEXT, Payload, type RequestContext } from '@nestjs/microservices'
import { Test } from '@nestjs/testing'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import {
  ClientRocketMQ,
  connectRocketMQ,
  RocketMQContext,
  RocketMQEvent,
  RocketMQMessage,
  RocketMQModule,
  ServerRocketMQ,
} from '@rockhopper/nestjs'
import { EMPTY, type Observable, tap } from 'rxjs'
import { deferred, silent, startService, until } from './service.fixture.js'

const effects: number[] = []
const slow = { started: deferred(), release: deferred() }

@Controller()
class Slow {
  @RocketMQEvent('order_topic', { concurrency: 1 })
  async handle(@Payload() { n }: { n: number }): Promise<void> {
    if (n === 0) {
      slow.started.resolve()
      await slow.release.promise
    }
    effects.push(n)
  }
}

test('close during a slow handler loses nothing and repeats nothing', async () => {
  const service = await startService(['order_topic'], [Slow], { shutdownTimeoutMs: 20_000 })
  for (let n = 0; n < 10; n++) await service.client.publish('order_topic', { n })
  await slow.started.promise
  const closing = service.closeService()
  slow.release.resolve()
  await closing
  const before = effects.length
  const next = await service.start()
  await until('the rest handled', () => effects.length >= 10)
  expect(before).toBeLessThan(10)
  expect([...effects].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  await next.close()
  await service.close()
})

test('listen tells when no name server answers', async () => {
  const mq = await EmbeddedRocketMQ.start()
  const namesrvAddr = mq.nameserverAddress
  await mq.stop()
  const strategy = new ServerRocketMQ({ namesrvAddr, consumerGroup: 'e2e', connectAttempts: 2 })
  const error = await new Promise((resolve) => void strategy.listen(resolve))
  expect(error).toMatchObject({ name: 'MqError' })
  await strategy.close()
})

describe('a hybrid application', () => {
  const log: string[] = []

  @Injectable()
  class Bootstrap implements OnApplicationBootstrap {
    async onApplicationBootstrap(): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 50))
      log.push('bootstrapped')
    }
  }

  @Controller({ scope: Scope.REQUEST })
  class Orders {
    constructor(@Inject(CONTEXT) private readonly request: RequestContext<unknown, RocketMQContext>) {}

    @Get('health')
    health(): string {
      return 'up'
    }

    @RocketMQEvent('order_topic')
    handle(@Payload() n: number): void {
      if (n === 99) throw new TypeError('a filter takes care of this')
      log.push(`handled ${n} of ${this.request.getContext().getTopic()}`)
    }

    @RocketMQMessage('inventory.quote')
    quote(@Payload() n: number): number {
      return n + 1
    }
  }

  @Injectable()
  class NoSevens implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      return context.getType() === 'http' || context.switchToRpc().getData<number>() !== 7
    }
  }

  @Injectable()
  class Trace implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      return next.handle().pipe(tap(() => log.push(`${context.getType()} ended`)))
    }
  }

  @Catch()
  class Swallow implements ExceptionFilter {
    catch(error: Error): Observable<never> {
      log.push(`filtered: ${error.message}`)
      return EMPTY
    }
  }

  class Tenfold implements PipeTransform {
    transform(value: unknown): unknown {
      return typeof value === 'number' && value < 90 ? value * 10 : value
    }
  }

  // B19, B36
  test('enhancers, request scope and HTTP go together, and nothing runs before bootstrap ended', async () => {
    await using mq = await EmbeddedRocketMQ.start({ topics: ['order_topic', 'inventory'] })
    @Module({
      imports: [
        RocketMQModule.forRootAsync({
          useFactory: async () => ({ namesrvAddr: mq.nameserverAddress, server: { consumerGroup: 'shop' } }),
        }),
      ],
      controllers: [Orders],
      providers: [
        Bootstrap,
        { provide: APP_GUARD, useClass: NoSevens },
        { provide: APP_INTERCEPTOR, useClass: Trace },
        { provide: APP_FILTER, useClass: Swallow },
      ],
    })
    class App {}
    const before = new ClientRocketMQ({ namesrvAddr: mq.nameserverAddress })
    await before.publish('order_topic', 1)
    const module = await Test.createTestingModule({ imports: [App] })
      .setLogger(silent)
      .compile()
    const app = module.createNestApplication()
    app.useGlobalPipes(new Tenfold())
    connectRocketMQ(app)
    await app.startAllMicroservices()
    await app.listen(0, '127.0.0.1')
    await until('the message sent before', () => log.length >= 3)
    expect(log).toEqual(['bootstrapped', 'handled 10 of order_topic', 'rpc ended'])

    const client = app.get(ClientRocketMQ)
    await client.publish('order_topic', 99)
    await until('the filter', () => log.includes('filtered: a filter takes care of this'))
    await client.publish('order_topic', 7)
    await until('the guard', () => log.includes('filtered: Forbidden resource'))
    expect(await client.request('inventory.quote', 4)).toBe(41)

    const { port } = app.getHttpServer().address() as { port: number }
    const health = await fetch(`http://127.0.0.1:${port}/health`)
    expect(await health.text()).toBe('up')
    await before.close()
    await app.close()
  })
})
