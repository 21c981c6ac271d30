/** A message that a group of a service gave up, as the service and pages show it. */
export interface DeadLetter {
  /** Where it lies: its own offset message id. */
  readonly id: string
  readonly group: string
  /** Where it was sent to, as an event is named: `order_topic:created`. */
  readonly pattern: string
  /** Order or user id. */
  readonly key: string
  readonly body: string
  /** What the handler said; empty when the message merely failed too often. */
  readonly reason: string
  readonly deliveries: number
  /** Ms since 1970. */
  readonly at: number
  /** When it was handled after all; empty before. */
  readonly resentAt: string
}
