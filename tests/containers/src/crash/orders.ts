export const TOPIC = 'placed_topic'
/** Producer group of the transactions. */
export const PLACED = 'placed'
/** Consumer group, and name of the inbox. */
export const CHARGED = 'charged'

/** How an order becomes a message; of two in four nothing may be seen. */
export type OrderKind = 'outbox' | 'transaction' | 'outbox-rollback' | 'transaction-rollback'

export interface Order {
  readonly key: string
  readonly kind: OrderKind
}
