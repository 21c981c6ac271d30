import { Controller, Inject } from '@nestjs/common'
import { EventPattern, Payload } from '@nestjs/microservices'
import { Group, OrderCreated, OrderStep } from '@rockhopper/shop-contracts'
import { Payments } from './payments.js'

@Controller()
export class PaymentHandlers {
  constructor(@Inject(Payments) private readonly payments: Payments) {}

  @EventPattern('order_topic:created', { group: Group.PAYMENT_ORDERS })
  created(@Payload() order: OrderCreated): Promise<string> {
    return this.payments.charge(order)
  }

  @EventPattern('payment_command:refund', { group: Group.PAYMENT_COMMANDS })
  refund(@Payload() step: OrderStep): Promise<string> {
    return this.payments.refund(step)
  }
}
