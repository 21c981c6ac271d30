import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Ctx, Payload } from '@nestjs/microservices'
import {
  connectRocketMQ,
  RocketMQContext,
  RocketMQEvent,
  RocketMQMessage,
  RocketMQModule,
} from '@rockhopper/nestjs'

class OrderCreated {
  id!: string
}

@Controller()
export class StockController {
  /** Acknowledged after this ends. If it throws, the broker delivers again, and at last into `%DLQ%stock`. */
  @RocketMQEvent('order_topic:created')
  reserve(@Payload() order: OrderCreated, @Ctx() context: RocketMQContext): void {
    console.log(`order ${order.id}, attempt ${context.getDeliveryAttempt()}`)
  }

  /** What it returns travels back to the caller. */
  @RocketMQMessage('inventory.quote')
  quote(@Payload() { sku }: { sku: string }): { sku: string; price: number } {
    return { sku, price: 5 }
  }
}

@Module({
  imports: [RocketMQModule.forRoot({ namesrvAddr: '127.0.0.1:9876', server: { consumerGroup: 'stock' } })],
  controllers: [StockController],
})
export class AppModule {}

export async function start(): Promise<void> {
  const app = await NestFactory.create(AppModule)
  app.enableShutdownHooks()
  connectRocketMQ(app)
  await app.startAllMicroservices()
  await app.listen(3000)
}
