import { Controller, Get, Inject, Param } from '@nestjs/common'
import { Ctx, Payload } from '@nestjs/microservices'
import { RocketMQContext, RocketMQEvent } from '@rockhopper/nestjs'
import { Group, OrderStep } from '@rockhopper/shop-contracts'
import { OrderHistory } from './order-history.js'
import type { OrderHistoryRow } from './order-history-row.js'

/**
 * All events of an order have its id as sharding key, so they lie in one queue; an orderly group takes them
 * one by one, from one queue at a time.
 */
@Controller()
export class HistoryHandlers {
  constructor(@Inject(OrderHistory) private readonly history: OrderHistory) {}

  @RocketMQEvent('order_topic:created||confirmed||cancelled', {
    group: Group.NOTIFICATION_HISTORY,
    orderly: true,
  })
  happened(@Payload() step: OrderStep, @Ctx() context: RocketMQContext): Promise<string> {
    return this.history.add(context.getTag() ?? '', step)
  }

  @Get('orders/:id/history')
  of(@Param('id') id: string): Promise<OrderHistoryRow[]> {
    return this.history.of(id)
  }
}
