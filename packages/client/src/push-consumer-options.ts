import type { ClientOptions } from './client-options.js'
import type { AllocateStrategy } from './consuming/allocation.js'

/**
 * CLUSTERING: each message to one member of the group. BROADCASTING: to every member, offsets kept locally.
 */
export type MessageModel = 'CLUSTERING' | 'BROADCASTING'

/** Where a group starts in a queue for which it has no offset yet. */
export type ConsumeFromWhere =
  | 'CONSUME_FROM_LAST_OFFSET'
  | 'CONSUME_FROM_FIRST_OFFSET'
  | 'CONSUME_FROM_TIMESTAMP'

/** Names, defaults and meaning are those of Apache's DefaultMQPushConsumer unless said otherwise. */
export interface PushConsumerOptions extends ClientOptions {
  readonly consumerGroup: string
  /** Default CLUSTERING. */
  readonly messageModel?: MessageModel
  /**
   * Default CONSUME_FROM_LAST_OFFSET. A new group on a fresh topic starts at 0 all the same: the broker
   * says so.
   */
  readonly consumeFromWhere?: ConsumeFromWhere
  /**
   * For CONSUME_FROM_TIMESTAMP: ms since 1970, or Apache's `yyyyMMddHHmmss` in local time. Default: half an
   * hour ago.
   */
  readonly consumeTimestamp?: number | string
  /**
   * Attempts after the first one before a message goes to `%DLQ%<group>`. Default -1: 16 for concurrent
   * consumers, without end for orderly ones.
   */
  readonly maxReconsumeTimes?: number
  /** Listener calls at once, over all queues. Default 20. An orderly consumer makes at most one per queue. */
  readonly consumeThreads?: number
  /** Messages per listener call. Default 1. */
  readonly consumeMessageBatchMaxSize?: number
  /** Messages per pull. Default 32. */
  readonly pullBatchSize?: number
  /** Pause between two pulls of a queue. Default 0 ms. */
  readonly pullIntervalMs?: number
  /** Messages of one queue held here before pulling pauses. Default 1000. */
  readonly pullThresholdForQueue?: number
  /** MiB of one queue held here before pulling pauses. Default 100. */
  readonly pullThresholdSizeForQueueMiB?: number
  /**
   * Distance of the first and last held queue offset before pulling pauses (concurrent only). Default 2000.
   */
  readonly consumeConcurrentlyMaxSpan?: number
  /** Largest body after decompression; more is treated as a failure of the message. Default 64 MiB. */
  readonly decompressedSizeMax?: number
  /**
   * A listener call that takes longer is sent back at level 3 and no longer waited for. Default 15 minutes.
   */
  readonly consumeTimeoutMs?: number
  /**
   * One listener call per queue at a time, in queue order, under a lock held at the broker. Default false.
   */
  readonly orderly?: boolean
  /** Default AVG. All members of a group must use the same. */
  readonly allocateStrategy?: AllocateStrategy
  /** Default 20,000 ms. */
  readonly rebalanceIntervalMs?: number
  /** Default 5000 ms. */
  readonly persistConsumerOffsetIntervalMs?: number
  /** How long the broker may hold a pull. Default 15,000 ms. */
  readonly brokerSuspendMaxTimeMs?: number
  /** Deadline of a pull. Default 30,000 ms. */
  readonly consumerTimeoutMsWhenSuspend?: number
  /** Pause after a failed pull, half to one and a half of it by chance. Default 1000 ms. */
  readonly pullTimeDelayMsWhenException?: number
  /**
   * Directory of offset files of BROADCASTING consumers. Default `.rocketmq_offsets` in the home directory.
   */
  readonly offsetStoreDir?: string
  /** Default pause of an orderly queue after a failure. Default 1000 ms. */
  readonly suspendCurrentQueueTimeMs?: number
}

export interface ShutdownOptions {
  /**
   * How long running listener calls are waited for. Default 10,000 ms; what is still running then is
   * delivered again.
   */
  readonly timeoutMs?: number
}
