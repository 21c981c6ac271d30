import { Controller, Inject } from '@nestjs/common'
import { EventPattern, Payload } from '@nestjs/microservices'
import { Group, OrderCreated, OrderStep, UserRegistered } from '@rockhopper/shop-contracts'
import { OrderNews } from './order-news.js'
import { Welcome } from './welcome.js'

const orders = { group: Group.NOTIFICATION_ORDERS }

@Controller()
export class NoticeHandlers {
  constructor(
    @Inject(OrderNews) private readonly news: OrderNews,
    @Inject(Welcome) private readonly welcome: Welcome,
  ) {}

  @EventPattern('order_topic:created', orders)
  created(@Payload() order: OrderCreated): Promise<string> {
    return this.news.created(order)
  }

  @EventPattern('inventory_topic:reserved', orders)
  reserved(@Payload() step: OrderStep): Promise<string> {
    return this.news.reserved(step.orderId)
  }

  @EventPattern('payment_topic:taken', orders)
  taken(@Payload() step: OrderStep): Promise<string> {
    return this.news.taken(step.orderId)
  }

  @EventPattern('user_topic:registered', { group: Group.NOTIFICATION_USERS })
  registered(@Payload() user: UserRegistered): Promise<string> {
    return this.welcome.registered(user)
  }
}
