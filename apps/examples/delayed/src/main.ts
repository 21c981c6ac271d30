// Stored at once and delivered later: after a delay, or at a time. Until then a message can be taken back.
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

// Brokers allow it only when told so, Apache's as well.
const config = { recallMessageEnable: true }
const mq = await EmbeddedRocketMQ.start({ topics: ['reminder_topic'], config })

@Controller()
class Reminders {
  @RocketMQEvent('reminder_topic')
  remind(@Payload() { text }: { text: string }): void {
    console.log(text)
  }
}

@Module({
  imports: [
    RocketMQModule.forRoot({ namesrvAddr: mq.nameserverAddress, server: { consumerGroup: 'reminders' } }),
  ],
  controllers: [Reminders],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule, { logger: ['error', 'warn'] })
connectRocketMQ(app)
await app.startAllMicroservices()
await app.init()

const client = app.get(ClientRocketMQ)
const handled = waitForConsumption(app.get(ServerRocketMQ), { count: 3 })
// Any delay, with brokers of RocketMQ 5; setDelayLevel(1 to 18) also works with RocketMQ 4.
const cart = new RocketMQRecordBuilder({ text: 'your cart is still here' }).setDelay(3_000)
await client.publish('reminder_topic', cart.build())
const table = new RocketMQRecordBuilder({ text: 'your table is ready' }).setDeliverAt(Date.now() + 1_000)
await client.publish('reminder_topic', table.build())
const paid = new RocketMQRecordBuilder({ text: 'please pay' }).setDelay(2_000).build()
await client.recall('reminder_topic', await client.publish('reminder_topic', paid))
await client.publish('reminder_topic', { text: 'welcome' })
await handled

await app.close()
await mq.stop()
