import { describe, expect, test } from '@jest/globals'
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Inject,
  Injectable,
  Module,
  type NestInterceptor,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common'
import { ContextIdFactory, type ContextIdStrategy, type HostComponentInfo, REQUEST } from '@nestjs/core'
import { ClientsModule, Ctx, Payload, type RequestContext } from '@nestjs/microservices'
import { Test } from '@nestjs/testing'
import type { Observable } from 'rxjs'
import { ClientRocketMQ } from './client.js'
import type { RocketMQContext } from './context.js'
import { RocketMQEvent } from './decorators.js'
import { MemoryBroker } from './memory-broker.fixture.js'
import { serve } from './server.fixture.js'

type Request = RequestContext<unknown, RocketMQContext>

const tenantOf = (request: unknown): string => (request as Request).getContext().getMetadata()['tenant'] ?? ''

/** One sub-tree of durable providers per tenant, as Nest's documentation does it. */
class PerTenant implements ContextIdStrategy {
  readonly #ids = new Map<string, ReturnType<typeof ContextIdFactory.create>>()

  attach(contextId: ReturnType<typeof ContextIdFactory.create>, request: unknown) {
    const tenant = tenantOf(request)
    const id = this.#ids.get(tenant) ?? ContextIdFactory.create()
    this.#ids.set(tenant, id)
    return {
      resolve: (info: HostComponentInfo) => (info.isTreeDurable ? id : contextId),
      payload: { tenant },
    }
  }
}

describe('providers and the message', () => {
  // B19
  test('a durable provider is made once per tenant, a request-scoped one for every message', async () => {
    ContextIdFactory.apply(new PerTenant())
    const made: string[] = []
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Store {
      constructor(@Inject(REQUEST) { tenant }: { tenant: string }) {
        made.push(`store of ${tenant}`)
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class Work {
      constructor(@Inject(REQUEST) request: Request) {
        made.push(`work of ${tenantOf(request)}`)
      }
    }
    const stores = new Set<Store>()
    @Controller()
    class Orders {
      constructor(
        private readonly store: Store,
        readonly work: Work,
      ) {}
      @RocketMQEvent('a')
      handle(): void {
        stores.add(this.store)
      }
    }
    const { broker, app, send } = await serve([Orders], {}, [Store, Work])
    for (const tenant of ['x', 'y', 'x']) {
      send('a', {}, { properties: { tenant } })
      await broker.settled()
    }
    expect(made.filter((one) => one.startsWith('store'))).toEqual(['store of x', 'store of y'])
    expect(made.filter((one) => one.startsWith('work'))).toEqual(['work of x', 'work of y', 'work of x'])
    expect(stores.size).toBe(2)
    await app.close()
    ContextIdFactory.apply({ attach: (contextId) => () => contextId })
  })

  // B19
  test('guard, interceptor and handler see one context object, and a new one per message', async () => {
    const contexts: [string, RocketMQContext][] = []
    const see = (who: string, context: ExecutionContext) =>
      contexts.push([who, context.switchToRpc().getContext<RocketMQContext>()])
    @Injectable()
    class Guard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        return see('guard', context) > 0
      }
    }
    @Injectable()
    class Interceptor implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
        see('interceptor', context)
        return next.handle()
      }
    }
    @Controller()
    @UseGuards(Guard)
    @UseInterceptors(Interceptor)
    class Orders {
      @RocketMQEvent('a')
      handle(@Payload() _data: unknown, @Ctx() context: RocketMQContext): void {
        contexts.push(['handler', context])
      }
    }
    const { broker, app, send } = await serve([Orders])
    send('a', 1)
    await broker.settled()
    send('a', 2)
    await broker.settled()
    expect(contexts.map(([who]) => who)).toEqual(
      [...Array(2)].flatMap(() => ['guard', 'interceptor', 'handler']),
    )
    const [first, second] = [contexts.slice(0, 3), contexts.slice(3)].map(
      (of) => new Set(of.map(([, one]) => one)),
    )
    expect([first?.size, second?.size, new Set([...(first ?? []), ...(second ?? [])]).size]).toEqual([
      1, 1, 2,
    ])
    await app.close()
  })
})

describe('ClientsModule', () => {
  const broker = new MemoryBroker()
  const clientOptions = { namesrvAddr: 'memory', clients: broker, producerGroup: 'as_given' }
  const provider = { customClass: ClientRocketMQ, options: clientOptions }

  @Injectable()
  class Factory {
    createClientOptions() {
      return provider
    }
  }

  @Module({
    providers: [Factory, { provide: 'OPTIONS', useValue: clientOptions }],
    exports: [Factory, 'OPTIONS'],
  })
  class ConfigModule {}

  @Injectable()
  class Elsewhere {
    constructor(@Inject('GLOBAL') readonly client: ClientRocketMQ) {}
  }

  @Module({ providers: [Elsewhere] })
  class ElsewhereModule {}

  // B46
  test('makes clients in every way it has, for one module or all, and closes them', async () => {
    const module = await Test.createTestingModule({
      imports: [
        ElsewhereModule,
        ClientsModule.register([{ name: 'PLAIN', ...provider }]),
        ClientsModule.register({ clients: [{ name: 'GLOBAL', ...provider }], isGlobal: true }),
        ClientsModule.registerAsync([
          {
            name: 'FACTORY',
            imports: [ConfigModule],
            inject: ['OPTIONS', 'GROUP'],
            extraProviders: [{ provide: 'GROUP', useValue: 'extra' }],
            useFactory: async (options: typeof clientOptions, producerGroup: string) => ({
              customClass: ClientRocketMQ,
              options: { ...options, producerGroup },
            }),
          },
          { name: 'CLASS', useClass: Factory },
          { name: 'EXISTING', imports: [ConfigModule], useExisting: Factory },
        ]),
      ],
    }).compile()
    await module.init()
    const clients = ['PLAIN', 'GLOBAL', 'FACTORY', 'CLASS', 'EXISTING'].map((name) => {
      return module.get<ClientRocketMQ>(name, { strict: false })
    })
    for (const client of clients) expect(client).toBeInstanceOf(ClientRocketMQ)
    expect(new Set(clients).size).toBe(5)
    expect(module.get(Elsewhere, { strict: false }).client).toBe(clients[1])
    for (const [n, client] of clients.entries()) await client.publish('a', n)
    expect(broker.bodies('a')).toEqual(['0', '1', '2', '3', '4'])
    await module.close()
    for (const client of clients)
      await expect(client.publish('a', 9)).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
