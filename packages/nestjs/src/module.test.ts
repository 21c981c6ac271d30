import { describe, expect, test } from '@jest/globals'
import {
  Controller,
  Injectable,
  type LoggerService,
  Module,
  type OnApplicationBootstrap,
  type PipeTransform,
} from '@nestjs/common'
import { Payload } from '@nestjs/microservices'
import { Test } from '@nestjs/testing'
import { ClientRocketMQ } from './client.js'
import { connectRocketMQ } from './connect.js'
import { RocketMQEvent } from './decorators.js'
import { MemoryBroker } from './memory-broker.fixture.js'
import { RocketMQModule } from './module.js'
import { ServerRocketMQ } from './server.js'

const silent: LoggerService = { log() {}, error() {}, warn() {} }

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
  // B48, B51
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
    const broker = new MemoryBroker()
    broker.down = new Error('nobody should ask')
    const app = await hybrid(broker)
    await app.init()
    expect(app.get(ServerRocketMQ)).toBeInstanceOf(ServerRocketMQ)
    await app.close()
  })
})
