import type { MessageQueue } from './message-queue.js'
import type { ClientOptions } from './client-options.js'
import type { MessageView } from './message-view.js'

export interface PullConsumerOptions extends ClientOptions {
  readonly consumerGroup: string
}

/** What a pull brought. `nextQueueOffset` is where to go on, whatever the status. */
export interface PullResult {
  readonly status: 'FOUND' | 'NO_NEW_MSG' | 'NO_MATCHED_MSG' | 'OFFSET_ILLEGAL'
  readonly messages: readonly MessageView[]
  readonly nextQueueOffset: number
  readonly minQueueOffset: number
  readonly maxQueueOffset: number
}

export interface PullOptions {
  /** Default 32. */
  readonly countMax?: number
  /** `*` or tags joined by `||`. Default `*`. */
  readonly expression?: string
  /** How long the broker may wait for a message. Default 0: it answers at once. */
  readonly suspendMs?: number
  readonly signal?: AbortSignal
}

/** Reads queues at offsets the caller chooses and keeps. Takes no part in rebalancing. */
export class PullConsumer {
  constructor(_options: PullConsumerOptions) {}
  async start(): Promise<void> {
    throw new Error('not wired yet')
  }
  async shutdown(): Promise<void> {
    throw new Error('not wired yet')
  }
  async messageQueues(_topic: string): Promise<readonly MessageQueue[]> {
    throw new Error('not wired yet')
  }
  async pull(_queue: MessageQueue, _queueOffset: number, _options: PullOptions = {}): Promise<PullResult> {
    throw new Error('not wired yet')
  }
  async minOffset(_queue: MessageQueue): Promise<number> {
    throw new Error('not wired yet')
  }
  async maxOffset(_queue: MessageQueue): Promise<number> {
    throw new Error('not wired yet')
  }
  /** First message stored at `timestamp` (ms) or later. */
  async searchOffset(_queue: MessageQueue, _timestamp: number): Promise<number> {
    throw new Error('not wired yet')
  }
  /** The group's committed offset, or undefined. */
  async committedOffset(_queue: MessageQueue): Promise<number | undefined> {
    throw new Error('not wired yet')
  }
  async commitOffset(_queue: MessageQueue, _queueOffset: number): Promise<void> {
    throw new Error('not wired yet')
  }
}
