import type { OrderCreated } from '@rockhopper/shop-contracts'
import type { EntityManager } from 'typeorm'

/**
 * Makes an order and `order_topic:created` one: what `work` writes is committed if and only if the message
 * is sent, sooner or later. Rejects with what `work` threw, and then there is neither.
 */
export interface OrderCommit {
  commit(created: OrderCreated, work: (manager: EntityManager) => Promise<void>): Promise<void>
}

export const ORDER_COMMIT = Symbol('ORDER_COMMIT')
