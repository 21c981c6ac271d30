import type { LoggerService } from '@nestjs/common'
import type { RebalanceChange } from '@rockhopper/client'
import type { Arrival } from './delivery.js'
import type { Listeners } from './listeners.js'
import type { Verdict } from './verdict.js'

/** A message whose handler failed. */
export interface DeliveryFailure {
  readonly messageId: string
  readonly topic: string
  readonly tag: string | undefined
  readonly group: string
  /** 1 for the first delivery. */
  readonly attempt: number
  readonly reason: string
}

export interface RocketMQServerEvents extends Record<string, (...args: never[]) => unknown> {
  /** It will be delivered again. */
  retry: (failure: DeliveryFailure) => void
  /** It goes to `%DLQ%group`, or to the topic of the extra `dlq`. */
  deadLetter: (failure: DeliveryFailure) => void
  /**
   * It is lost: a broadcast group gives nothing back, unless it is orderly; or its handler said `dlq: false`.
   */
  dropped: (failure: DeliveryFailure) => void
  /** A client of this server lost a broker, and tries again by itself. `owner`: its group. */
  connectionLost: (link: { readonly owner: string; readonly address: string }) => void
  /** It has the broker back. */
  connectionRestored: (link: { readonly owner: string; readonly address: string }) => void
  /** Queues of a topic move between the members of a group. */
  rebalancing: (change: RebalanceChange) => void
  /** A message was handled; `ms` from its arrival in this process. */
  handled: (delivery: { readonly topic: string; readonly group: string; readonly ms: number }) => void
}

export type FailureKind = 'retry' | 'deadLetter' | 'dropped'

/** Logs what became of a failed message and tells the listeners. */
export function reportFailure(
  logger: LoggerService,
  listeners: Listeners<RocketMQServerEvents>,
  { message, plan }: Arrival,
  verdict: Exclude<Verdict, { kind: 'done' }>,
): void {
  const { messageId, topic, tag, reconsumeTimes } = message
  const { group } = plan
  const failure = { messageId, topic, tag, group, attempt: reconsumeTimes + 1, reason: verdict.reason }
  const { broadcast, orderly } = plan.extras
  // What Apache does: an orderly member tries again in place, any other has nowhere to give it back to.
  const kept = broadcast !== true || (orderly === true && verdict.kind === 'retry')
  if (verdict.kind === 'drop' || !kept) {
    const why = verdict.kind === 'drop' ? "'dlq: false'" : 'a broadcast group has no retry'
    logger.error({ message: `handler failed; ${why}, the message is dropped`, ...failure })
    listeners.tell('dropped', failure)
  } else if (verdict.kind === 'retry') {
    logger.warn({ message: 'handler failed, the message will be delivered again', ...failure })
    listeners.tell('retry', failure)
  } else {
    logger.error({ message: 'message goes to the dead-letter queue', ...failure })
    listeners.tell('deadLetter', failure)
  }
}
