import { Controller, Injectable } from '@nestjs/common'
import { ClientRocketMQ, defineTopics, type TopicSchema } from '@rockhopper/nestjs'

interface Order {
  id: string
}

// Any Standard Schema does: zod, valibot, arktype. This one is written by hand.
const order: TopicSchema<Order> = {
  '~standard': {
    version: 1,
    vendor: 'shop',
    validate: (value) =>
      typeof (value as Order).id === 'string'
        ? { value: value as Order }
        : { issues: [{ message: 'no id' }] },
  },
}

export const topics = defineTopics({ 'order.created': order })

@Controller()
export class Stock {
  @topics.Event('order.created', { group: 'stock' })
  reserve(created: Order): void {
    console.log(created.id)
  }
}

@Injectable()
export class Shop {
  readonly #orders

  constructor(bus: ClientRocketMQ) {
    this.#orders = topics.publisher(bus)
  }

  async place(): Promise<number> {
    const receipts = await this.#orders.publishBatch('order.created', [{ id: 'a' }, { id: 'b' }])
    return receipts.length
  }
}
