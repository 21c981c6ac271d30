import { describe, expect, test } from '@jest/globals'
import {
  Controller,
  type DynamicModule,
  type INestApplication,
  Module,
  UseFilters,
  UseGuards,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { EventPattern, Payload } from '@nestjs/microservices'
import { createNodeEnv, type Env } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { throwError } from 'rxjs'
import { connectRocketMQ } from './connect.js'
import { RocketMQEvent } from './decorators.js'
import { deferred, MemoryBroker } from './memory-broker.fixture.js'
import { RocketMQModule } from './module.js'
import { keepOriginalErrors } from './original-error.js'
import { ServerRocketMQ } from './server.js'

/** An application as a user makes it: NestFactory wraps it in a proxy, which @nestjs/testing does not. */
async function made(handled: (data: unknown) => void, options: object): Promise<INestApplication> {
  @Controller()
  class Orders {
    @RocketMQEvent('a')
    handle(@Payload() data: unknown): void {
      handled(data)
    }
  }
  @Module({})
  class App {
    static with(): DynamicModule {
      const server = { consumerGroup: 'shop' }
      const imports = [RocketMQModule.forRoot({ namesrvAddr: 'memory', server, ...options })]
      return { module: App, imports, controllers: [Orders] }
    }
  }
  const app = await NestFactory.create(App.with(), { logger: false })
  connectRocketMQ(app)
  await app.startAllMicroservices()
  await app.init()
  return app
}

/** Every timer is due at the end of the turn. */
function hastyEnv(): Env {
  const env = createNodeEnv()
  const after = (_delayMs: number, run: () => void) => {
    const soon = setImmediate(run)
    return () => clearImmediate(soon)
  }
  return { ...env, clock: { ...env.clock, after } }
}

describe('connectRocketMQ on an application of NestFactory', () => {
  // B51
  test('begins to pull after the bootstrap', async () => {
    const broker = new MemoryBroker()
    broker.store({ topic: 'a', body: Buffer.from('1') })
    const seen: unknown[] = []
    const app = await made((data) => seen.push(data), { clients: broker })
    await broker.settled()
    expect(seen).toEqual([1])
    await app.close()
  })

  // B34
  test('what a handler with a decorator of Nest throws is seen as it was thrown', async () => {
    const broker = new MemoryBroker()
    const seen: unknown[] = []
    @Controller()
    class Failing {
      @EventPattern<string>('a')
      handle(): void {
        throw new TypeError('no such column')
      }
      @EventPattern<string>('guarded')
      @UseGuards({ canActivate: () => false })
      guarded(): void {}
    }
    const server = {
      consumerGroup: 'shop',
      classifyError: (error: unknown) => {
        seen.push(error)
        return 'permanent' as const
      },
    }
    @Module({
      imports: [RocketMQModule.forRoot({ namesrvAddr: 'memory', server, clients: broker })],
      controllers: [Failing],
    })
    class App {}
    const app = await NestFactory.create(App, { logger: false })
    connectRocketMQ(app)
    await app.startAllMicroservices()
    await app.init()
    broker.store({ topic: 'a', body: Buffer.from('1') })
    await broker.settled()
    expect(seen).toEqual([new TypeError('no such column')])
    broker.store({ topic: 'guarded', body: Buffer.from('1') })
    await broker.settled()
    expect(seen[1]).toBeInstanceOf(Error)
    expect(seen[1]).toMatchObject({ message: 'Forbidden resource' })
    await app.close()
  })

  // B34
  test('keepOriginalErrors sees what a filter of the application makes something else of', async () => {
    const broker = new MemoryBroker()
    const seen: unknown[] = []
    @Controller()
    @UseFilters({ catch: () => throwError(() => ({ message: 'please try again' })) })
    class Failing {
      @EventPattern<string>('a')
      handle(): void {
        throw new TypeError('no such column')
      }
    }
    const classifyError = (error: unknown) => {
      seen.push(error)
      return 'permanent' as const
    }
    @Module({ controllers: [Failing] })
    class App {}
    const options = { namesrvAddr: 'memory', consumerGroup: 'shop', clients: broker, classifyError }
    const strategy = new ServerRocketMQ(options)
    const app = await NestFactory.createMicroservice(App, { strategy, logger: false })
    keepOriginalErrors(app)
    await app.listen()
    broker.store({ topic: 'a', body: Buffer.from('1') })
    await broker.settled()
    expect(seen).toEqual([new TypeError('no such column')])
    await app.close()
  })

  test('with connectAttempts 0 it starts without a name server and consumes when there is one', async () => {
    const broker = new MemoryBroker()
    broker.down = new MqError('NAME_SERVER_UNREACHABLE', 'starting a consumer')
    const { promise, resolve } = deferred()
    const app = await made(() => resolve(), { clients: broker, connectAttempts: 0, env: hastyEnv() })
    broker.store({ topic: 'a', body: Buffer.from('1') })
    broker.down = undefined
    await promise
    await app.close()
  })

  test('with connectAttempts 0 it closes while no name server was ever there', async () => {
    const broker = new MemoryBroker()
    broker.down = new MqError('NAME_SERVER_UNREACHABLE', 'starting a consumer')
    const app = await made(() => undefined, { clients: broker, connectAttempts: 0 })
    await app.close()
  })
})
