import { Ctx, EventPattern, Payload } from '@nestjs/microservices'
import type { RocketMQContext } from '@rockhopper/nestjs'

class Order {
  readonly id: string = ''
}

/** Nest 11 takes all of them. */
export class StockForms {
  @EventPattern('a')
  payload(@Payload() _order: Order): void {}

  @EventPattern('a')
  payloadAndContext(@Payload() _order: Order, @Ctx() _context: RocketMQContext): void {}

  @EventPattern('a')
  nothing(): void {}

  @EventPattern<string>('a')
  withTypeArgument(@Payload() _order: Order, @Ctx() _context: RocketMQContext): void {}
}
