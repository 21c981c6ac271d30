// The events of one order arrive in the order they were sent, those of different orders side by side.
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

const STEPS = ['created', 'paid', 'packed', 'shipped']
const ORDERS = ['o-1', 'o-2', 'o-3']

const mq = await EmbeddedRocketMQ.start({ topics: ['order_topic'] })
const seen = new Map(ORDERS.map((id): [string, string[]] => [id, []]))

@Controller()
class Tracking {
  /** `orderly`: one message of a queue at a time; a failed one is tried again before the next one. */
  @RocketMQEvent('order_topic', { orderly: true })
  async follow(@Payload() { id, step }: { id: string; step: string }): Promise<void> {
    // The first step is the slowest: without order it would come last.
    await new Promise((resolve) => setTimeout(resolve, step === 'created' ? 100 : 1))
    seen.get(id)?.push(step)
  }
}

@Module({
  imports: [
    RocketMQModule.forRoot({ namesrvAddr: mq.nameserverAddress, server: { consumerGroup: 'tracking' } }),
  ],
  controllers: [Tracking],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule, { logger: ['error', 'warn'] })
connectRocketMQ(app)
await app.startAllMicroservices()
await app.init()

const handled = waitForConsumption(app.get(ServerRocketMQ), { count: ORDERS.length * STEPS.length })
for (const step of STEPS) {
  for (const id of ORDERS) {
    // Messages with the same sharding key go to the same queue.
    const event = new RocketMQRecordBuilder({ id, step }).setShardingKey(id).build()
    await app.get(ClientRocketMQ).publish('order_topic', event)
  }
}
await handled
for (const [id, steps] of seen) console.log(`${id}: ${steps.join(', ')}`)

await app.close()
await mq.stop()
