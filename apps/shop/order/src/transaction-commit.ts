import { Inject, Injectable, ServiceUnavailableException } from '@nestjs/common'
import { isMqError } from '@rockhopper/message'
import { RocketMQRecord } from '@rockhopper/nestjs'
import { RocketMQTransactions } from '@rockhopper/nestjs/typeorm'
import { type OrderCreated, reportStep, Topic } from '@rockhopper/shop-contracts'
import type { EntityManager } from 'typeorm'
import type { OrderCommit } from './order-commit.js'

/**
 * ORDER_PUBLISH=transaction: the broker holds the message before the order is written, and shows it to nobody
 * until the commit. Whoever dies in between, it asks this service, which looks into the database.
 */
@Injectable()
export class TransactionCommit implements OrderCommit {
  constructor(@Inject(RocketMQTransactions) private readonly transactions: RocketMQTransactions) {}

  /** @throws ServiceUnavailableException when the broker did not take the message, or nobody knows. */
  async commit(created: OrderCreated, work: (manager: EntityManager) => Promise<void>): Promise<void> {
    const { orderId } = created
    const pattern = { topic: Topic.ORDER, tag: 'created' }
    const record = new RocketMQRecord(created, { keys: [orderId], shardingKey: orderId })
    try {
      const { receipt } = await this.transactions.run(pattern, record, work)
      const { confirmed, messageId, queue } = receipt
      reportStep({
        service: 'order',
        what: 'published',
        orderId,
        ...pattern,
        messageId,
        queue: `${queue.brokerName}/${queue.queueId}`,
        words: confirmed
          ? 'kept by the broker before the commit, shown to all since'
          : 'kept by the broker, which will ask whether the order was committed',
      })
    } catch (error) {
      if (!isMqError(error)) throw error
      throw new ServiceUnavailableException(
        `the broker did not take the order (${error.code}): send it again with the same Idempotency-Key; ` +
          'with ORDER_PUBLISH=outbox orders need no broker',
      )
    }
  }
}
