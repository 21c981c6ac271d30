// One message, one handler: published with a receipt, acknowledged after the handler ended.
import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Ctx, Payload } from '@nestjs/microservices'
import {
  ClientRocketMQ,
  connectRocketMQ,
  RocketMQContext,
  RocketMQEvent,
  RocketMQModule,
  RocketMQRecordBuilder,
  ServerRocketMQ,
} from '@rockhopper/nestjs'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { waitForConsumption } from '@rockhopper/testing/nest'

const mq = await EmbeddedRocketMQ.start({ topics: ['order_topic'] })

@Controller()
class Mail {
  @RocketMQEvent('order_topic:created')
  confirm(@Payload() order: { id: string; total: number }, @Ctx() context: RocketMQContext): void {
    const [key] = context.getKeys()
    console.log(`mail: order ${order.id} of ${order.total} EUR, key ${key}`)
  }
}

@Module({
  imports: [RocketMQModule.forRoot({ namesrvAddr: mq.nameserverAddress, server: { consumerGroup: 'mail' } })],
  controllers: [Mail],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule, { logger: ['error', 'warn'] })
connectRocketMQ(app)
await app.startAllMicroservices()
await app.init()

const handled = waitForConsumption(app.get(ServerRocketMQ))
const order = new RocketMQRecordBuilder({ id: 'o-1', total: 12 }).setKeys('o-1').build()
const receipt = await app.get(ClientRocketMQ).publish('order_topic:created', order)
await handled
console.log(`shop: ${receipt.status}, queue offset ${receipt.queueOffset}`)

await app.close()
await mq.stop()
