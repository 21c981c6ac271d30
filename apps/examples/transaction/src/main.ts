// The broker holds a message back until the database transaction is decided, and asks when it hears nothing.
import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Payload } from '@nestjs/microservices'
import { TypeOrmModule } from '@nestjs/typeorm'
import { connectRocketMQ, RocketMQEvent, RocketMQModule, ServerRocketMQ } from '@rockhopper/nestjs'
import {
  RocketMQTransactions,
  RocketMQTransactionsModule,
  TransactionEntry,
} from '@rockhopper/nestjs/typeorm'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { waitForConsumption } from '@rockhopper/testing/nest'
import { DataSource } from 'typeorm'

// A broker that hears nothing asks after a second; the default is 6 s.
const config = { transactionTimeOut: 1_000, transactionCheckInterval: 500 }
const mq = await EmbeddedRocketMQ.start({ topics: ['stock_topic'], config })
const mailed: string[] = []

@Controller()
class Mail {
  @RocketMQEvent('stock_topic:reserved')
  confirm(@Payload() { sku }: { sku: string }): void {
    mailed.push(sku)
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: ':memory:',
      entities: [TransactionEntry],
      synchronize: true,
    }),
    RocketMQModule.forRoot({ namesrvAddr: mq.nameserverAddress, server: { consumerGroup: 'mail' } }),
    RocketMQTransactionsModule.forRoot({
      namesrvAddr: mq.nameserverAddress,
      producerGroup: 'stock',
      topics: ['stock_topic'],
      timeoutMs: 2_000,
    }),
  ],
  controllers: [Mail],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule, { logger: ['error', 'warn'] })
connectRocketMQ(app)
await app.startAllMicroservices()
await app.init()

const db = app.get(DataSource)
await db.query('CREATE TABLE stock (sku TEXT, free INTEGER CHECK (free >= 0))')
await db.query("INSERT INTO stock VALUES ('tea', 1), ('cake', 0), ('coffee', 1)")

async function reserve(sku: string, workMs = 0): Promise<void> {
  await app
    .get(RocketMQTransactions)
    .run('stock_topic:reserved', { sku }, async (manager) => {
      await manager.query('UPDATE stock SET free = free - 1 WHERE sku = ?', [sku])
      await new Promise((resolve) => setTimeout(resolve, workMs))
    })
    .then(
      () => console.log(`${sku}: committed`),
      (error: { code: string }) => console.log(`${sku}: ${error.code}`),
    )
}

const handled = waitForConsumption(app.get(ServerRocketMQ), { count: 2 })
await reserve('tea')
await reserve('cake')
// Longer than `timeoutMs`: what becomes of it is not known here, so the broker asks and the database answers.
await reserve('coffee', 2_500)
await handled
console.log('mailed:', mailed)

await app.close()
await mq.stop()
