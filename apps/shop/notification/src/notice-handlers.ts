import { Controller, Inject } from '@nestjs/common'
import { EventPattern, Payload } from '@nestjs/microservices'
import { Group, NOTICES_AT_ONCE, OrderCreated, OrderStep, UserRegistered } from '@rockhopper/shop-contracts'
import { OrderNews } from './order-news.js'
import { Welcome } from './welcome.js'

const orders = { group: Group.NOTIFICATION_ORDERS, concurrency: NOTICES_AT_ONCE }
const users = { group: Group.NOTIFICATION_USERS, concurrency: NOTICES_AT_ONCE }

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

  @EventPattern('order_topic:confirmed', orders)
  confirmed(@Payload() step: OrderStep): Promise<string> {
    return this.news.confirmed(step.orderId)
  }

  @EventPattern('order_topic:cancelled', orders)
  cancelled(@Payload() step: OrderStep): Promise<string> {
    return this.news.cancelled(step)
  }

  @EventPattern('user_topic:registered', users)
  registered(@Payload() user: UserRegistered): Promise<string> {
    return this.welcome.registered(user)
  }
}
