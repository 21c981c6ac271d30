import { Controller, Inject } from '@nestjs/common'
import { EventPattern, Payload } from '@nestjs/microservices'
import { Group, OrderStep } from '@rockhopper/shop-contracts'
import { Saga } from './saga.js'

const group = { group: Group.ORDER_SAGA }

/** The answers of stock keeper and cashier. A thrown error comes back through the broker, later. */
@Controller()
export class SagaHandlers {
  constructor(@Inject(Saga) private readonly saga: Saga) {}

  @EventPattern('inventory_topic:reserved', group)
  reserved(@Payload() step: OrderStep): Promise<string> {
    return this.saga.take('reserved', step)
  }

  @EventPattern('inventory_topic:rejected', group)
  rejected(@Payload() step: OrderStep): Promise<string> {
    return this.saga.take('rejected', step)
  }

  @EventPattern('payment_topic:taken', group)
  taken(@Payload() step: OrderStep): Promise<string> {
    return this.saga.take('taken', step)
  }

  @EventPattern('payment_topic:refused', group)
  refused(@Payload() step: OrderStep): Promise<string> {
    return this.saga.take('refused', step)
  }

  /** Sent with the order, delivered when the time to pay is over. */
  @EventPattern('order_timeout_topic:due', { group: Group.ORDER_TIMEOUTS })
  due(@Payload() step: OrderStep): Promise<string> {
    return this.saga.unpaid(step.orderId)
  }
}
