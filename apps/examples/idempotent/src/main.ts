// A payment that is sent twice is charged once: the inbox notes its key in the transaction of the effect.
import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Payload } from '@nestjs/microservices'
import { TypeOrmModule } from '@nestjs/typeorm'
import {
  ClientRocketMQ,
  connectRocketMQ,
  RocketMQEvent,
  RocketMQModule,
  ServerRocketMQ,
} from '@rockhopper/nestjs'
import { Inbox, InboxEntry } from '@rockhopper/nestjs/typeorm'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { waitForConsumption } from '@rockhopper/testing/nest'
import { DataSource } from 'typeorm'

const mq = await EmbeddedRocketMQ.start({ topics: ['payment_topic'] })

@Controller()
class Payments {
  readonly #inbox = new Inbox('payment')

  constructor(private readonly db: DataSource) {}

  @RocketMQEvent('payment_topic')
  async charge(@Payload() { id, amount }: { id: string; amount: number }): Promise<void> {
    const { first } = await this.#inbox.once(this.db.manager, id, async (manager) => {
      await manager.query('UPDATE account SET balance = balance - ?', [amount])
    })
    console.log(`${id}: ${first ? 'charged' : 'charged before'}`)
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: ':memory:',
      entities: [InboxEntry],
      synchronize: true,
    }),
    RocketMQModule.forRoot({ namesrvAddr: mq.nameserverAddress, server: { consumerGroup: 'payment' } }),
  ],
  controllers: [Payments],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule, { logger: ['error', 'warn'] })
connectRocketMQ(app)
await app.startAllMicroservices()
await app.init()

const db = app.get(DataSource)
await db.query('CREATE TABLE account (balance INTEGER)')
await db.query('INSERT INTO account VALUES (100)')

// The same payment in two messages: whoever sent it had no receipt and tried again.
for (const _attempt of [1, 2]) {
  const handled = waitForConsumption(app.get(ServerRocketMQ))
  await app.get(ClientRocketMQ).publish('payment_topic', { id: 'p-1', amount: 30 })
  await handled
}
console.log('account:', await db.query('SELECT balance FROM account'))

await app.close()
await mq.stop()
