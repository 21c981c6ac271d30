import { Ctx, EventPattern, Payload } from '@nestjs/microservices'
import type { RocketMQContext } from '@rockhopper/nestjs'

class Order {
  readonly id: string = ''
}

/** Nest 12 gave EventPattern typed overloads; what they refuse is the reason for our own decorators. */
export class StockForms {
  @EventPattern('a')
  payload(@Payload() _order: Order): void {}

  // @ts-expect-error TS1241: a typed context.
  @EventPattern('a')
  payloadAndContext(@Payload() _order: Order, @Ctx() _context: RocketMQContext): void {}

  // @ts-expect-error TS1241: no parameters.
  @EventPattern('a')
  nothing(): void {}

  @EventPattern<string>('a')
  withTypeArgument(@Payload() _order: Order, @Ctx() _context: RocketMQContext): void {}

  @EventPattern<{ a: Order }>('a')
  withPayloadMap(_order: Order): void {}
}
