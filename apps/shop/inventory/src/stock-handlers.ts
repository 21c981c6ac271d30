import { Controller, Inject } from '@nestjs/common'
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices'
import { Group, OrderCreated, OrderStep, type Quote, QuoteRequest } from '@rockhopper/shop-contracts'
import { Stock } from './stock.js'

/** What the stock keeper listens to, and the one question it answers. */
@Controller()
export class StockHandlers {
  constructor(@Inject(Stock) private readonly stock: Stock) {}

  @EventPattern('order_topic:created', { group: Group.INVENTORY_ORDERS })
  created(@Payload() order: OrderCreated): Promise<string> {
    return this.stock.reserve(order)
  }

  @EventPattern('inventory_command:release', { group: Group.INVENTORY_COMMANDS })
  release(@Payload() step: OrderStep): Promise<string> {
    return this.stock.release(step)
  }

  @MessagePattern('inventory.quote', { group: Group.INVENTORY_QUOTES })
  quote(@Payload() request: QuoteRequest): Promise<Quote | null> {
    return this.stock.quote(request)
  }
}
