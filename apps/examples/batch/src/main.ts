// Many messages in one send, and one handler call for many messages; of a failed one only that comes again.
import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Payload } from '@nestjs/microservices'
import {
  BatchFailedException,
  ClientRocketMQ,
  connectRocketMQ,
  RetryLaterException,
  RocketMQEvent,
  RocketMQModule,
  ServerRocketMQ,
} from '@rockhopper/nestjs'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { waitForConsumption } from '@rockhopper/testing/nest'

// One queue, so that the batches are the same in every run.
const mq = await EmbeddedRocketMQ.start({ topics: [{ topic: 'metric_topic', queues: 1 }] })
let calls = 0

@Controller()
class Metrics {
  @RocketMQEvent('metric_topic', { batch: { size: 5, waitMs: 500 } })
  store(@Payload() values: readonly number[]): void {
    console.log(`store [${values.join(', ')}]`)
    calls += 1
    if (calls === 1) throw new BatchFailedException(new Map([[2, new RetryLaterException(1_000)]]))
  }
}

@Module({
  imports: [
    RocketMQModule.forRoot({ namesrvAddr: mq.nameserverAddress, server: { consumerGroup: 'metrics' } }),
  ],
  controllers: [Metrics],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule, { logger: false })
connectRocketMQ(app)
await app.startAllMicroservices()
await app.init()

const handled = waitForConsumption(app.get(ServerRocketMQ), { count: 11 })
const receipts = await app.get(ClientRocketMQ).publishBatch('metric_topic', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
await handled
console.log(`sent to queue offsets ${receipts.map(({ queueOffset }) => queueOffset).join(' ')}`)

await app.close()
await mq.stop()
