import { describe, expect, test } from '@jest/globals'
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type PipeTransform,
} from '@nestjs/common'
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, NestFactory } from '@nestjs/core'
import { Payload } from '@nestjs/microservices'
import { Test } from '@nestjs/testing'
import { EMPTY, tap } from 'rxjs'
import { ClientRocketMQ } from './client.js'
import { connectRocketMQ } from './connect.js'
import { RocketMQEvent } from './decorators.js'
import { MemoryBroker } from './memory-broker.fixture.js'
import { RocketMQModule } from './module.js'
import { silent, startHybrid } from './server.fixture.js'
import { ServerRocketMQ } from './server.js'

const log: string[] = []

@Injectable()
class SlowBootstrap implements OnApplicationBootstrap {
  async onApplicationBootstrap(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    log.push('bootstrapped')
  }
}

@Controller()
class Orders {
  @RocketMQEvent('a')
  handle(@Payload() data: unknown): void {
    log.push(`handled ${String(data)}`)
  }
}

class Double implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'number' ? value * 2 : value
  }
}

const payloadOf = (context: ExecutionContext) => context.switchToRpc().getData<number>()

async function hybrid(broker: MemoryBroker) {
  log.length = 0
  @Module({
    imports: [
      RocketMQModule.forRootAsync({
        inject: ['BROKER'],
        imports: [
          {
            module: class Config {},
            providers: [{ provide: 'BROKER', useValue: broker }],
            exports: ['BROKER'],
          },
        ],
        useFactory: async (clients: MemoryBroker) => ({
          namesrvAddr: 'memory',
          clients,
          server: { consumerGroup: 'shop' },
        }),
      }),
    ],
    controllers: [Orders],
    providers: [SlowBootstrap],
  })
  class App {}
  const module = await Test.createTestingModule({ imports: [App] })
    .setLogger(silent)
    .compile()
  const app = module.createNestApplication()
  app.useGlobalPipes(new Double())
  return app
}

describe('RocketMQModule in a hybrid application', () => {
  // B37, B48, B51
  test('nothing is handled before the last bootstrap hook ended, whatever starts first', async () => {
    const broker = new MemoryBroker()
    broker.store({ topic: 'a', body: Buffer.from('21') })
    const app = await hybrid(broker)
    connectRocketMQ(app)
    await app.startAllMicroservices()
    await app.init()
    await broker.settled()
    // Global pipes hold for handlers, too.
    expect(log).toEqual(['bootstrapped', 'handled 42'])
    await app.close()
  })

  // B51
  test('the other order works, and after close nothing is handled', async () => {
    const broker = new MemoryBroker()
    const app = await hybrid(broker)
    connectRocketMQ(app)
    await app.init()
    await app.startAllMicroservices()
    await app.get(ClientRocketMQ).publish('a', 1)
    await broker.settled()
    await app.close()
    broker.store({ topic: 'a', body: Buffer.from('2') })
    await broker.settled()
    expect(log).toEqual(['bootstrapped', 'handled 2'])
    await expect(app.get(ClientRocketMQ).publish('a', 1)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  // B37
  test('global enhancers can be left out', async () => {
    const broker = new MemoryBroker()
    const app = await hybrid(broker)
    connectRocketMQ(app, { inheritAppConfig: false })
    await app.init()
    await app.startAllMicroservices()
    broker.store({ topic: 'a', body: Buffer.from('1') })
    await broker.settled()
    expect(log).toEqual(['bootstrapped', 'handled 1'])
    await app.close()
  })

  // B59
  test('an application that never connects the server closes without a trace of it', async () => {
    const asked: string[] = []
    const nobody = (name: string) => (): never => {
      asked.push(name)
      throw new Error(`nobody should ask for a ${name}`)
    }
    const broker = Object.assign(new MemoryBroker(), {
      probe: nobody('probe'),
      producer: nobody('producer'),
      consumer: nobody('consumer'),
      admin: nobody('admin'),
    })
    const app = await hybrid(broker)
    await app.init()
    expect(app.get(ServerRocketMQ)).toBeInstanceOf(ServerRocketMQ)
    await app.close()
    const options = { namesrvAddr: 'memory', clients: broker, server: { consumerGroup: 'shop' } }
    @Module({ imports: [RocketMQModule.forRoot(options)], controllers: [Orders] })
    class Previewed {}
    const preview = await NestFactory.create(Previewed, { preview: true, logger: false })
    connectRocketMQ(preview, { strategy: new ServerRocketMQ(options) })
    await preview.init()
    await preview.close()
    expect(asked).toEqual([])
  })

  // B36
  test('enhancers that providers give to the whole application hold for handlers', async () => {
    const broker = new MemoryBroker()
    const seen: string[] = []
    const providers = [
      { provide: APP_PIPE, useValue: new Double() },
      { provide: APP_GUARD, useValue: { canActivate: (at: ExecutionContext) => payloadOf(at) !== 13 } },
      {
        provide: APP_INTERCEPTOR,
        useValue: {
          intercept: (at: ExecutionContext, next: CallHandler) => {
            return next.handle().pipe(tap({ complete: () => seen.push(`after ${payloadOf(at)}`) }))
          },
        },
      },
      {
        provide: APP_FILTER,
        useValue: {
          catch: (error: Error) => {
            seen.push(error.message)
            return EMPTY
          },
        },
      },
    ]
    @Controller()
    class Numbers {
      @RocketMQEvent('a')
      handle(@Payload() n: number): void {
        seen.push(`handled ${n}`)
        if (n === 8) throw new Error('eight')
      }
    }
    const options = { namesrvAddr: 'memory', clients: broker, server: { consumerGroup: 'shop' } }
    @Module({ imports: [RocketMQModule.forRoot(options)], controllers: [Numbers], providers })
    class App {}
    const app = await startHybrid(App)
    for (const n of [1, 13, 4]) {
      broker.store({ topic: 'a', body: Buffer.from(String(n)) })
      await broker.settled()
    }
    expect(seen).toEqual(['handled 2', 'after 1', 'Forbidden resource', 'handled 8', 'eight'])
    expect([broker.delays, broker.bodies('%DLQ%shop')]).toEqual([[], []])
    await app.close()
  })
})
