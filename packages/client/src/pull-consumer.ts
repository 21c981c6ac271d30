import { checkGroup, MqError, PullSysFlag } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import type { CallOptions } from './api/commands.js'
import { ClientInstance } from './client-instance.js'
import type { ClientOptions } from './client-options.js'
import { type FilterExpression, Subscriptions } from './consuming/subscriptions.js'
import type { MessageView } from './message-view.js'
import { decompressed, viewOf, wantedBy } from './received-message.js'
import { inTime } from './wait.js'

/** Largest body after decompression. */
const BODY_SIZE_MAX = 64 * 1024 * 1024
/** What a long poll may take beyond the time the broker was asked to wait. */
const POLL_SLACK_MS = 15_000

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
  /** `*`, tags joined by `||`, or `{ sql }`, which needs a broker with enablePropertyFilter. Default `*`. */
  readonly expression?: FilterExpression
  /** How long the broker may wait for a message. Default 0: it answers at once. */
  readonly suspendMs?: number
  readonly signal?: AbortSignal
}

/** Reads queues at offsets the caller chooses and keeps. Takes no part in rebalancing. */
export class PullConsumer {
  readonly #instance: ClientInstance
  readonly #consumerGroup: string

  /** Opens nothing. Throws MqError GROUP_ILLEGAL or ADDRESS_ILLEGAL. */
  constructor(options: PullConsumerOptions) {
    const reason = checkGroup(options.consumerGroup)
    if (reason !== undefined) {
      throw new MqError('GROUP_ILLEGAL', `Making a consumer of '${options.consumerGroup}': ${reason}`)
    }
    this.#consumerGroup = options.consumerGroup
    this.#instance = new ClientInstance(options)
  }

  async start(): Promise<void> {
    this.#instance.start()
  }

  async shutdown(): Promise<void> {
    await this.#instance.stop()
  }

  /** The topic's queues that can be read, sorted by broker name and id. Rejects with ROUTE_NOT_FOUND. */
  async messageQueues(topic: string, options: CallOptions = {}): Promise<readonly MessageQueue[]> {
    const { env, routes } = this.#instance
    const attempted = `Listing the queues of '${topic}'`
    this.#instance.assertStarted(attempted)
    return (await inTime(env.clock, routes.require(topic), attempted, options)).readQueues
  }

  /**
   * Rejects with MqError SUBSCRIPTION_ILLEGAL, or BODY_ILLEGAL or COMPRESSION_UNSUPPORTED when a body cannot
   * be read here.
   */
  async pull(queue: MessageQueue, queueOffset: number, options: PullOptions = {}): Promise<PullResult> {
    const { countMax = 32, expression = '*', suspendMs = 0, signal } = options
    const { env, api } = this.#instance
    const subscription = new Subscriptions(env.clock).set(queue.topic, expression)
    const header = {
      consumerGroup: this.#consumerGroup,
      topic: queue.topic,
      queueId: queue.queueId,
      queueOffset,
      maxMsgNums: countMax,
      sysFlag: PullSysFlag.SUBSCRIPTION | (suspendMs > 0 ? PullSysFlag.SUSPEND : 0),
      commitOffset: 0,
      suspendTimeoutMillis: suspendMs,
      subscription: subscription.expression,
      subVersion: subscription.subVersion,
      expressionType: subscription.expressionType,
      bname: queue.brokerName,
    }
    const address = await this.#addressOf(queue, 'Pulling', { signal })
    const answer = await api.pull(address, header, { timeoutMs: suspendMs + POLL_SLACK_MS, signal })
    const wanted = answer.records.filter((record) => wantedBy(subscription.tagsSet, record))
    const readable = await Promise.all(
      wanted.map((record) => decompressed(record, env.compute, BODY_SIZE_MAX)),
    )
    return {
      status: answer.status,
      messages: readable.map((record) => viewOf(record, queue)),
      nextQueueOffset: answer.nextBeginOffset,
      minQueueOffset: answer.minOffset,
      maxQueueOffset: answer.maxOffset,
    }
  }

  /** The first offset that exists. */
  async minOffset(queue: MessageQueue, options: CallOptions = {}): Promise<number> {
    const address = await this.#addressOf(queue, 'Asking for the min offset', options)
    return this.#instance.api.minOffset(address, queue, options)
  }

  /** The offset that the next message will get. */
  async maxOffset(queue: MessageQueue, options: CallOptions = {}): Promise<number> {
    const address = await this.#addressOf(queue, 'Asking for the max offset', options)
    return this.#instance.api.maxOffset(address, queue, options)
  }

  /** First message stored at `timestamp` (ms since 1970) or later; the max offset when there is none. */
  async searchOffset(queue: MessageQueue, timestamp: number, options: CallOptions = {}): Promise<number> {
    const address = await this.#addressOf(queue, 'Searching an offset', options)
    return this.#instance.api.searchOffset(address, queue, timestamp, options)
  }

  /** The group's committed offset, or undefined. */
  async committedOffset(queue: MessageQueue, options: CallOptions = {}): Promise<number | undefined> {
    const address = await this.#addressOf(queue, 'Asking for the committed offset', options)
    return this.#instance.api.queryConsumerOffset(address, this.#consumerGroup, queue, options)
  }

  /** `queueOffset` is the next one to consume. */
  async commitOffset(queue: MessageQueue, queueOffset: number, options: CallOptions = {}): Promise<void> {
    const address = await this.#addressOf(queue, 'Committing an offset', options)
    await this.#instance.api.updateConsumerOffset(address, this.#consumerGroup, queue, queueOffset, options)
  }

  async #addressOf(queue: MessageQueue, attempted: string, options: CallOptions): Promise<string> {
    const { env, routes } = this.#instance
    const what = `${attempted} of queue ${queue.queueId} of '${queue.topic}'`
    this.#instance.assertStarted(what)
    await inTime(env.clock, routes.require(queue.topic), what, options)
    return routes.requireMaster(queue.brokerName)
  }
}
