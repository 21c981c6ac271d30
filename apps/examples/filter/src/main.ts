// The broker keeps back what a handler did not ask for, by tag.
import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Payload } from '@nestjs/microservices'
import {
  ClientRocketMQ,
  connectRocketMQ,
  RocketMQEvent,
  RocketMQModule,
  ServerRocketMQ,
} from '@rockhopper/nestjs'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { waitForConsumption } from '@rockhopper/testing/nest'

interface Order {
  readonly id: string
}

const mq = await EmbeddedRocketMQ.start({ topics: ['order_topic'] })
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

const handled = waitForConsumption(app.get(ServerRocketMQ), { count: 3 })
for (const tag of ['created', 'viewed', 'paid', 'refunded']) {
  await app.get(ClientRocketMQ).publish(`order_topic:${tag}`, { id: `o-${tag}` })
}
await handled
for (const line of seen.sort()) console.log(line)

await app.close()
await mq.stop()
