import type { CompressionType, Message, MessageExt } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import type { ClientOptions } from './client-options.js'

export interface ProducerOptions extends ClientOptions {
  /** Name of the group this producer belongs to; 1 to 120 characters. */
  readonly producerGroup: string
  /** Time a send may take in all, retries included. Default 3000 ms. */
  readonly sendMsgTimeoutMs?: number
  /** Further attempts on another queue or broker. Default 2. */
  readonly retryTimesWhenSendFailed?: number
  /**
   * Also try another broker when the answer is FLUSH_DISK_TIMEOUT and its like. Default false: it is stored
   * already.
   */
  readonly retryAnotherBrokerWhenNotStoreOk?: boolean
  /**
   * Leaves a broker that answered slowly, or not at all, alone for 2 to 30 s while another one can take the
   * message. Default false.
   */
  readonly sendLatencyFaultEnable?: boolean
  /** Bodies of at least this many bytes are compressed. Default 4096. */
  readonly compressMsgBodyOverHowmuch?: number
  /**
   * Default ZLIB, which every client reads. Clients before 5.0 read nothing else. ZSTD needs Node 22.15 or
   * newer, LZ4 the package `lz4-napi`.
   */
  readonly compressType?: CompressionType
  /** Level of zlib and zstd, 0 to 9. Default 5, as Apache's client. */
  readonly compressLevel?: number
  /** Largest body, and largest batch after encoding. Default 4 MiB, the broker's own limit. */
  readonly maxMessageSize?: number
  /** Queues of a topic that the broker makes for a first send. Default 4. */
  readonly defaultTopicQueueNums?: number
  /** Topic whose route stands in for an unknown topic. Default TBW102. */
  readonly createTopicKey?: string
  /** Sends and requests that may wait for an answer at once; more are refused. Default 65,535. */
  readonly sendsInFlightMax?: number
}

export interface SendOptions {
  /** In all, retries included. Default `sendMsgTimeoutMs`. */
  readonly timeoutMs?: number
  /** Ends the wait. What was already sent may be stored all the same. */
  readonly signal?: AbortSignal
  /** Exactly this queue; no retry on another one. */
  readonly queue?: MessageQueue
  /** Picks one of the queues that can be written now; no retry on another one. */
  readonly selector?: QueueSelector
}

export interface RequestOptions extends SendOptions {
  /**
   * Called with each reply, in the order they came in: true when more are expected, which have `timeoutMs`
   * anew. Default: one reply. Brokers may change the order of replies; whoever sends several numbers them.
   */
  readonly more?: (reply: MessageExt) => boolean
}

/**
 * Queues come sorted by broker name and queue id, so that the same key finds the same queue while the route
 * stays.
 */
export type QueueSelector = (queues: readonly MessageQueue[], message: Message) => MessageQueue
