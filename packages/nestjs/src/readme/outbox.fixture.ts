import { Controller, Injectable, Module } from '@nestjs/common'
import { Payload } from '@nestjs/microservices'
import { RocketMQEvent, RocketMQModule } from '@rockhopper/nestjs'
import { Inbox, Outbox, OutboxModule } from '@rockhopper/nestjs/typeorm'
import { DataSource } from 'typeorm'

@Injectable()
export class PlaceOrder {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
  ) {}

  async run(id: string): Promise<void> {
    await this.db.transaction(async (manager) => {
      await manager.query('INSERT INTO orders (id) VALUES ($1)', [id])
      await this.outbox.add(manager, { pattern: 'order_topic:created', data: { id }, aggregateId: id })
    })
  }
}

@Controller()
export class Payment {
  readonly #inbox = new Inbox('payment')

  constructor(private readonly db: DataSource) {}

  @RocketMQEvent('order_topic:created', { group: 'payment' })
  async charge(@Payload() { id }: { id: string }): Promise<void> {
    await this.#inbox.once(this.db.manager, id, async (manager) => {
      await manager.query('INSERT INTO charges (order_id) VALUES ($1)', [id])
    })
  }
}

// TypeOrmModule.forRoot({ …, entities: [...ROCKETMQ_ENTITIES, …] }) provides the DataSource.
@Module({
  imports: [RocketMQModule.forRoot(), OutboxModule.forRoot()],
  controllers: [Payment],
  providers: [PlaceOrder],
})
export class OrderModule {}
