import type { MessageView } from '../message-view.js'
import type { ListenerCallParts } from './listener-call.js'
import type { Held, ProcessQueue } from './process-queue.js'
import type { Turns } from './turns.js'

/** What concurrent and orderly consumption share with the pull loops and the rebalance. */
export interface Consumption {
  /** Messages that were just put into the queue, in order. Returns at once. */
  submit(processQueue: ProcessQueue, taken: readonly Held[]): void
  /** Resolves when no listener call for this queue is running. */
  quiet(processQueue: ProcessQueue): Promise<void>
}

export interface ConsumptionParts extends ListenerCallParts {
  readonly turns: Turns
  readonly batchSizeMax: number
  readonly broadcasting: boolean
  /** Aborted when a shutdown no longer waits. */
  readonly shutdown: AbortSignal
  /**
   * Gives a message back to the broker. Rejects when neither 36 nor the ordinary message to the retry topic
   * worked. `deadLetterProperties` go with a message whose level is negative.
   */
  readonly sendBack: (
    message: MessageView,
    delayLevel: number,
    deadLetterProperties?: Readonly<Record<string, string>>,
  ) => Promise<void>
  /** Everything before the offset is done. Called only while the queue is held. */
  readonly moveOffset: (processQueue: ProcessQueue, queueOffset: number) => void
}
