import { Inject, Injectable } from '@nestjs/common'
import { Outbox } from '@rockhopper/nestjs/typeorm'
import { type OrderCreated, Topic } from '@rockhopper/shop-contracts'
import { DataSource, type EntityManager } from 'typeorm'
import type { OrderCommit } from './order-commit.js'

/** ORDER_PUBLISH=outbox: the message is a row of the same transaction, sent by the relay. Needs no broker. */
@Injectable()
export class OutboxCommit implements OrderCommit {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  commit(created: OrderCreated, work: (manager: EntityManager) => Promise<void>): Promise<void> {
    return this.database.transaction(async (manager) => {
      const { orderId } = created
      const pattern = { topic: Topic.ORDER, tag: 'created' }
      await this.outbox.add(manager, { pattern, keys: [orderId], aggregateId: orderId, data: created })
      await work(manager)
    })
  }
}
