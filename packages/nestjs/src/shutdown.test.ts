import { describe, expect, test } from '@jest/globals'
import {
  type BeforeApplicationShutdown,
  Controller,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common'
import { Payload } from '@nestjs/microservices'
import { Test } from '@nestjs/testing'
import { connectRocketMQ } from './connect.js'
import { RocketMQEvent } from './decorators.js'
import { deferred, MemoryBroker } from './memory-broker.fixture.js'
import { RocketMQModule } from './module.js'
import { silent, startHybrid } from './server.fixture.js'
import { ServerRocketMQ } from './server.js'
import { rocketMQTransport, serverToken } from './transport.js'

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('an application that goes down', () => {
  // B52, B53
  test('takes nothing new from the first hook on, and its database outlives the last handler', async () => {
    const log: string[] = []
    const [began, finish, destroying, goOn] = [deferred(), deferred(), deferred(), deferred()]
    @Injectable()
    class Database implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
      async onModuleDestroy(): Promise<void> {
        destroying.resolve()
        await goOn.promise
      }
      beforeApplicationShutdown(): void {
        log.push('before shutdown')
      }
      onApplicationShutdown(): void {
        log.push('database closed')
      }
    }
    @Controller()
    class Slow {
      @RocketMQEvent('a')
      async handle(@Payload() n: number): Promise<void> {
        log.push(`begun ${n}`)
        began.resolve()
        await finish.promise
        log.push(`ended ${n}`)
      }
    }
    const broker = new MemoryBroker()
    @Module({
      imports: [
        RocketMQModule.forRoot({ namesrvAddr: 'm', clients: broker, server: { consumerGroup: 'shop' } }),
      ],
      controllers: [Slow],
      providers: [Database],
    })
    class App {}
    const app = await startHybrid(App)
    const statuses: string[] = []
    app.get(ServerRocketMQ).status.subscribe((status) => statuses.push(status))
    broker.store({ topic: 'a', body: Buffer.from('1') })
    await began.promise
    const closing = app.close()
    await destroying.promise
    // Another provider still destroys itself, and Nest has not closed the server yet.
    broker.store({ topic: 'a', body: Buffer.from('2') })
    await turns(20)
    expect(log).toEqual(['begun 1'])
    goOn.resolve()
    await turns(20)
    expect(log).toEqual(['begun 1', 'before shutdown'])
    finish.resolve()
    await closing
    expect(log).toEqual(['begun 1', 'before shutdown', 'ended 1', 'database closed'])
    expect(statuses).toEqual(['connected', 'draining', 'closed'])
  })

  // B60
  test('two servers close side by side: the slower one decides how long it takes', async () => {
    const [near, far] = [new MemoryBroker(), new MemoryBroker()]
    const finish = { near: deferred(), far: deferred() }
    const log: string[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a')
      async near(): Promise<void> {
        log.push('near begun')
        await finish.near.promise
      }
      @RocketMQEvent('a', { transport: rocketMQTransport('far') })
      async far(): Promise<void> {
        log.push('far begun')
        await finish.far.promise
      }
    }
    const of = (clients: MemoryBroker) => ({ namesrvAddr: 'm', clients, server: { consumerGroup: 'shop' } })
    @Module({
      imports: [RocketMQModule.forRoot(of(near)), RocketMQModule.forRoot({ name: 'far', ...of(far) })],
      controllers: [Orders],
    })
    class App {}
    const module = await Test.createTestingModule({ imports: [App] })
      .setLogger(silent)
      .compile()
    const app = module.createNestApplication()
    const servers = [app.get(ServerRocketMQ), app.get<ServerRocketMQ>(serverToken('far'))] as const
    connectRocketMQ(app)
    connectRocketMQ(app, { strategy: servers[1] })
    await app.startAllMicroservices()
    await app.init()
    near.store({ topic: 'a', body: Buffer.from('1') })
    far.store({ topic: 'a', body: Buffer.from('1') })
    while (log.length < 2) await turns(1)
    const closing = app.close().then(() => log.push('closed'))
    // Neither waits for the other: the second one ends first, then the first one.
    finish.far.resolve()
    while (servers[1].currentStatus() !== 'closed') await turns(1)
    expect([servers[0].currentStatus(), log]).toEqual(['draining', ['near begun', 'far begun']])
    finish.near.resolve()
    await closing
    expect([servers[0].currentStatus(), log.at(-1)]).toEqual(['closed', 'closed'])
  })
})
