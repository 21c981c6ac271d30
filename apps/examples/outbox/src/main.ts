// An event is sent if and only if the transaction that wrote it commits.
import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Payload } from '@nestjs/microservices'
import { TypeOrmModule } from '@nestjs/typeorm'
import { connectRocketMQ, RocketMQEvent, RocketMQModule, ServerRocketMQ } from '@rockhopper/nestjs'
import { Outbox, OutboxEvent, OutboxModule } from '@rockhopper/nestjs/typeorm'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { waitForConsumption } from '@rockhopper/testing/nest'
import { DataSource } from 'typeorm'

const mq = await EmbeddedRocketMQ.start({ topics: ['order_topic'] })
const mailed: string[] = []

@Controller()
class Mail {
  @RocketMQEvent('order_topic:created')
  confirm(@Payload() { id }: { id: string }): void {
    mailed.push(id)
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: ':memory:',
      entities: [OutboxEvent],
      synchronize: true,
    }),
    RocketMQModule.forRoot({ namesrvAddr: mq.nameserverAddress, server: { consumerGroup: 'mail' } }),
    OutboxModule.forRoot(),
  ],
  controllers: [Mail],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule, { logger: ['error', 'warn'] })
connectRocketMQ(app)
await app.startAllMicroservices()
await app.init()

const db = app.get(DataSource)
await db.query('CREATE TABLE orders (id TEXT, total INTEGER)')

async function place(id: string, total: number): Promise<void> {
  await db.transaction(async (manager) => {
    await manager.query('INSERT INTO orders VALUES (?, ?)', [id, total])
    // Both rows are in one transaction; the relay sends after the commit, and again if this process dies.
    await app.get(Outbox).add(manager, { pattern: 'order_topic:created', data: { id }, aggregateId: id })
    if (total > 1_000) throw new Error('over the limit')
  })
}

const handled = waitForConsumption(app.get(ServerRocketMQ), { count: 2 })
await place('o-1', 12)
await place('o-2', 5_000).catch((error: Error) => console.log(`o-2: ${error.message}`))
await place('o-3', 30)
await handled
console.log('orders:', await db.query('SELECT id FROM orders'))
console.log('mailed:', mailed.sort())

await app.close()
await mq.stop()
