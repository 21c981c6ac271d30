import { Injectable } from '@nestjs/common'
import { ClientRocketMQ, RocketMQRecordBuilder } from '@rockhopper/nestjs'

@Injectable()
export class Orders {
  constructor(private readonly bus: ClientRocketMQ) {}

  async place(id: string): Promise<string> {
    const quote = await this.bus.request<{ price: number }>(
      'inventory.quote',
      { sku: 'tea' },
      { timeoutMs: 500 },
    )
    const event = new RocketMQRecordBuilder({ id, price: quote.price }).setKeys(id).setShardingKey(id).build()
    const receipt = await this.bus.publish('order_topic:created', event)
    return receipt.messageId
  }
}
