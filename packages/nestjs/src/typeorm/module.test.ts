import { expect, test } from '@jest/globals'
import { Controller, Module } from '@nestjs/common'
import { Payload } from '@nestjs/microservices'
import { createNodeEnv } from '@rockhopper/env'
import { DataSource } from 'typeorm'
import { RocketMQEvent } from '../decorators.js'
import { RocketMQHealthIndicator } from '../health.js'
import { MemoryBroker } from '../memory-broker.fixture.js'
import { RocketMQModule } from '../module.js'
import { startHybrid } from '../server.fixture.js'
import { SteppedClock } from '../stepped-clock.fixture.js'
import { Effect, open } from './database.fixture.js'
import { Inbox } from './inbox.js'
import { OutboxModule } from './module.js'
import { Outbox } from './outbox.js'
import { RocketMQTransactionsModule } from './transaction-module.js'

@Controller()
class Payment {
  readonly #inbox = new Inbox('payment')

  constructor(private readonly db: DataSource) {}

  @RocketMQEvent('order_topic:created')
  async charge(@Payload() { id }: { id: string }): Promise<void> {
    await this.#inbox.once(this.db.manager, id, async (manager) => {
      await manager.insert(Effect, { id, count: 1 })
    })
  }
}

test('an order in a transaction becomes one charge, although its event comes three times', async () => {
  const broker = new MemoryBroker()
  const db = await open('sql.js')
  @Module({ providers: [{ provide: DataSource, useValue: db }], exports: [DataSource] })
  class Database {}
  @Module({
    imports: [
      { module: Database, global: true },
      RocketMQModule.forRoot({
        namesrvAddr: 'memory',
        clients: broker,
        server: { consumerGroup: 'payment' },
      }),
      OutboxModule.forRoot(),
    ],
    controllers: [Payment],
  })
  class App {}
  const app = await startHybrid(App)
  const outbox = app.get(Outbox)
  await db.transaction((manager) =>
    outbox.add(manager, { pattern: 'order_topic:created', data: { id: 'o1' } }),
  )
  while (broker.bodies('order_topic').length === 0) await new Promise((resolve) => setImmediate(resolve))
  for (const body of ['{"id":"o1"}', '{"id":"o1"}']) {
    broker.store({ topic: 'order_topic', tag: 'created', body: Buffer.from(body) })
  }
  await broker.settled()
  expect(broker.bodies('order_topic')).toHaveLength(3)
  expect(await db.manager.find(Effect)).toEqual([{ id: 'o1', count: 1 }])
  await app.close()
  await db.destroy()
})

// B54
test('an application is not ready before brokers can ask about its transactions', async () => {
  const db = await open('sql.js')
  let down: Error | undefined = new Error('no broker to ask')
  const greet = async (): Promise<void> => {
    if (down !== undefined) throw down
  }
  const producer = () => ({ start: greet, greet, shutdown: async () => undefined }) as never
  const clients = Object.assign(new MemoryBroker(), { transactionProducer: producer })
  const clock = new SteppedClock()
  const connection = { namesrvAddr: 'memory', env: { ...createNodeEnv(), clock } }
  @Module({ providers: [{ provide: DataSource, useValue: db }], exports: [DataSource] })
  class Database {}
  @Module({
    imports: [
      { module: Database, global: true },
      RocketMQTransactionsModule.forRoot({ ...connection, producerGroup: 'stock', producer }),
      RocketMQModule.forRoot({
        ...connection,
        clients,
        server: { consumerGroup: 'payment' },
        client: { transactions: { producerGroup: 'payments', check: async () => 'UNKNOW' } },
      }),
    ],
    controllers: [Payment],
  })
  class App {}
  const app = await startHybrid(App)
  const readiness = async () => (await app.get(RocketMQHealthIndicator).readiness('mq')).mq
  expect(await readiness()).toMatchObject({
    status: 'down',
    connection: 'connected',
    parts: {
      'transactions of stock': { status: 'down', message: 'brokers cannot ask: no broker to ask' },
      'transactions of ClientRocketMQ': { status: 'down', message: 'no broker to ask' },
    },
  })
  down = undefined
  await clock.advance(1_000)
  expect(await readiness()).toMatchObject({
    status: 'up',
    parts: {
      'transactions of stock': { status: 'up' },
      'transactions of ClientRocketMQ': { status: 'up' },
    },
  })
  await app.close()
  await db.destroy()
})
