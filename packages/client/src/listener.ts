import type { MessageQueue } from '@rockhopper/remoting'
import type { MessageView } from './message-view.js'

/**
 * What becomes of the messages of one call.
 * - `CONSUME_SUCCESS` or nothing: done, the offset moves on.
 * - `RECONSUME_LATER` (or a throw): concurrent consumers send the messages back to the broker, which
 *   delivers them again after a growing delay and puts them into `%DLQ%<group>` at the limit. Orderly
 *   consumers keep them, wait and call again; the queue stands still meanwhile.
 */
export type ConsumeResult = 'CONSUME_SUCCESS' | 'RECONSUME_LATER'

export interface ConsumeContext {
  readonly messageQueue: MessageQueue
  readonly consumerGroup: string
  /**
   * For RECONSUME_LATER: -1 dead-letters at once. Of a concurrent consumer: 0 lets the broker decide (level
   * 3 plus the number of attempts), 1 to 18 is a delay level. Default 0.
   */
  delayLevelWhenNextConsume: number
  /**
   * With a negative level: user properties that the message carries in `%DLQ%<group>` beside its own, such as
   * the reason. Default none.
   */
  deadLetterProperties: Readonly<Record<string, string>>
  /**
   * For CONSUME_SUCCESS of a concurrent consumer with a batch: index of the last message that succeeded; what
   * is behind it goes back to the broker. Default: the last one of the batch.
   */
  ackIndex: number
  /**
   * For RECONSUME_LATER of an orderly consumer: pause before the next attempt, 10 to 30,000 ms. Default
   * 1000.
   */
  suspendCurrentQueueTimeMs: number
  /**
   * Aborted when the result can no longer count: queue or lock lost, consume timeout passed, shutdown
   * deadline over.
   */
  readonly signal: AbortSignal
}

/** Gets 1 to `consumeMessageBatchMaxSize` messages of one queue. The offset moves only after it ended. */
export type MessageListener = (
  messages: readonly MessageView[],
  context: ConsumeContext,
) => Promise<ConsumeResult | void> | ConsumeResult | void
