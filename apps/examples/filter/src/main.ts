// The broker keeps back what a handler did not ask for, by tag or by an SQL92 expression over properties.
import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Payload } from '@nestjs/microservices'
import {
  ClientRocketMQ,
  connectRocketMQ,
  RocketMQEvent,
  RocketMQModule,
  RocketMQRecordBuilder,
  ServerRocketMQ,
} from '@rockhopper/nestjs'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { waitForConsumption } from '@rockhopper/testing/nest'

interface Order {
  readonly id: string
}

const mq = await EmbeddedRocketMQ.start({
  topics: ['order_topic'],
  // Expressions have to be allowed, as at Apache's broker.
  config: { enablePropertyFilter: true },
})
const seen: string[] = []

@Controller()
class Handlers {
  @RocketMQEvent('order_topic:created', { group: 'mail' })
  mail(@Payload() { id }: Order): void {
    seen.push(`mail: ${id}`)
  }

  @RocketMQEvent('order_topic:paid||refunded', { group: 'books' })
  book(@Payload() { id }: Order): void {
    seen.push(`books: ${id}`)
  }

  @RocketMQEvent(
    { topic: 'order_topic', sql: "amount > 1000 AND region IN ('north', 'east')" },
    { group: 'fraud' },
  )
  check(@Payload() { id }: Order): void {
    seen.push(`fraud: ${id}`)
  }
}

@Module({
  imports: [RocketMQModule.forRoot({ namesrvAddr: mq.nameserverAddress })],
  controllers: [Handlers],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule, { logger: ['error', 'warn'] })
connectRocketMQ(app)
await app.startAllMicroservices()
await app.init()

const handled = waitForConsumption(app.get(ServerRocketMQ), { count: 5 })
const region = ['south', 'north', 'east', 'north']
for (const [n, tag] of ['created', 'viewed', 'paid', 'refunded'].entries()) {
  const record = new RocketMQRecordBuilder({ id: `o-${tag}` })
    .setProperty('amount', String(500 * (n + 1)))
    .setProperty('region', region[n] ?? '')
    .build()
  await app.get(ClientRocketMQ).publish(`order_topic:${tag}`, record)
}
await handled
for (const line of seen.sort()) console.log(line)

await app.close()
await mq.stop()
