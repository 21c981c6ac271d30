import type { BrokerParts } from '../parts.js'
import type { ConsumerOrders } from './consumer-orders.js'
import type { PopLocks } from './pop-locks.js'
import type { PopPolling } from './pop-polling.js'

/** What the POP processors work on. */
export type PopParts = BrokerParts & {
  readonly orders: ConsumerOrders
  readonly popLocks: PopLocks
  /** Pops that wait. */
  readonly polling: PopPolling
}
