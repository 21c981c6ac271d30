// A failed message comes again later; one that cannot succeed ends as a dead letter with its reason.
import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Ctx, Payload } from '@nestjs/microservices'
import {
  ClientRocketMQ,
  connectRocketMQ,
  DEAD_LETTER,
  RocketMQContext,
  RocketMQEvent,
  RocketMQModule,
  ServerRocketMQ,
} from '@rockhopper/nestjs'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { deadLetters, waitForConsumption } from '@rockhopper/testing/nest'

class CardRefused extends Error {}

const mq = await EmbeddedRocketMQ.start({ topics: ['payment_topic'] })

@Controller()
class Payments {
  /** Three deliveries, each a second after the one before; a refused card is not tried again. */
  @RocketMQEvent('payment_topic', { retry: { attempts: 3, delayMs: 1_000, deadLetter: [CardRefused] } })
  charge(@Payload() { id, card }: { id: string; card: string }, @Ctx() context: RocketMQContext): void {
    const attempt = context.getDeliveryAttempt()
    console.log(`${id}: attempt ${attempt}`)
    if (card === 'refused') throw new CardRefused(`${id}: card refused`)
    if (card === 'bank down') throw new Error(`${id}: bank does not answer`)
    if (attempt === 1) throw new Error(`${id}: bank is slow`)
    console.log(`${id}: charged`)
  }
}

@Module({
  imports: [
    RocketMQModule.forRoot({ namesrvAddr: mq.nameserverAddress, server: { consumerGroup: 'payment' } }),
  ],
  controllers: [Payments],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule, { logger: false })
connectRocketMQ(app)
await app.startAllMicroservices()
await app.init()

for (const [id, card, count] of [
  ['p-1', 'good', 2],
  ['p-2', 'refused', 1],
  ['p-3', 'bank down', 3],
] as const) {
  const handled = waitForConsumption(app.get(ServerRocketMQ), { count })
  await app.get(ClientRocketMQ).publish('payment_topic', { id, card })
  await handled
}

await app.close()
for (const { properties } of await deadLetters(mq, 'payment')) {
  console.log(`dead letter: ${properties[DEAD_LETTER.reason]}; attempts: ${properties[DEAD_LETTER.attempt]}`)
}
await mq.stop()
