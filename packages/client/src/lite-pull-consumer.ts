import { checkGroup, MqError } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import type { CallOptions } from './api/commands.js'
import { ClientInstance } from './client-instance.js'
import { queueKey } from './consuming/allocation.js'
import { ConsumerRun } from './consuming/consumer-run.js'
import { type ConsumerSettings, consumerSettings } from './consuming/consumer-settings.js'
import { askAhead } from './consuming/filter-check.js'
import { PolledConsumption } from './consuming/polled-consumption.js'
import { type FilterExpression, Subscriptions } from './consuming/subscriptions.js'
import type { MessageView } from './message-view.js'
import type { PushConsumerOptions, ShutdownOptions } from './push-consumer-options.js'
import { inTime, throwIfAborted } from './wait.js'

/** How long running releases are waited for at shutdown by default. */
const SHUTDOWN_TIMEOUT_MS = 10_000
const POLL_TIMEOUT_MS = 5_000

export interface LitePullConsumerOptions
  extends Omit<
    PushConsumerOptions,
    | 'messageModel'
    | 'orderly'
    | 'consumeThreads'
    | 'consumeMessageBatchMaxSize'
    | 'maxReconsumeTimes'
    | 'consumeTimeoutMs'
    | 'suspendCurrentQueueTimeMs'
    | 'offsetStoreDir'
  > {
  /**
   * What a poll returned counts as consumed at the next poll, and is committed with the interval of
   * `persistConsumerOffsetIntervalMs`. False: only `commit` counts. Default true.
   */
  readonly autoCommit?: boolean
}

export interface PollOptions {
  /** How long to wait for the first message. Default 5000. */
  readonly timeoutMs?: number
  /** Default `pullBatchSize`, 32. */
  readonly countMax?: number
  readonly signal?: AbortSignal
}

/**
 * Pulls ahead in the background and hands messages out when asked (Apache: DefaultLitePullConsumer). Either
 * `subscribe`, and the queues are shared out within the group, or `assign` them. There is no retry topic:
 * what was not consumed is polled again after a restart or a `seek`.
 *
 *     for await (const message of consumer) await handle(message)
 */
export class LitePullConsumer {
  readonly #settings: ConsumerSettings
  readonly #instance: ClientInstance
  readonly #subscriptions: Subscriptions
  readonly #polled: PolledConsumption
  readonly #autoCommit: boolean
  readonly #closing = new AbortController()
  /** What `assign` named; undefined after `subscribe`. */
  #assigned: Set<string> | undefined
  #run: ConsumerRun | undefined
  #stopping: Promise<void> | undefined

  /** Opens nothing. Throws MqError GROUP_ILLEGAL, ADDRESS_ILLEGAL or ARGUMENT_ILLEGAL. */
  constructor({ autoCommit = true, ...options }: LitePullConsumerOptions) {
    const reason = checkGroup(options.consumerGroup)
    if (reason !== undefined)
      throw new MqError('GROUP_ILLEGAL', `Making a consumer of '${options.consumerGroup}': ${reason}`)
    this.#instance = new ClientInstance(options)
    const { env } = this.#instance
    this.#settings = consumerSettings(options, env)
    this.#subscriptions = new Subscriptions(env.clock)
    this.#polled = new PolledConsumption(env.clock, env.log)
    this.#autoCommit = autoCommit
  }

  get consumerGroup(): string {
    return this.#settings.consumerGroup
  }

  /** `<ip>@<instanceName>`, what brokers and tools know this client by. */
  get clientId(): string {
    return this.#instance.clientId
  }

  /** Takes a share of the topic's queues. Throws MqError SUBSCRIPTION_ILLEGAL, also after `assign`. */
  subscribe(topic: string, expression: FilterExpression = '*'): void {
    if (this.#assigned !== undefined) throw mixed('Subscribing', this.consumerGroup)
    this.#subscriptions.set(topic, expression)
    this.#run?.subscriptionsChanged(topic)
  }

  unsubscribe(topic: string): void {
    this.#subscriptions.delete(topic)
    this.#run?.subscriptionsChanged(topic)
  }

  /**
   * Exactly these queues, whatever other members have; replaces what was assigned before. `expression` holds
   * for all of them. Throws MqError SUBSCRIPTION_ILLEGAL after `subscribe`.
   */
  assign(queues: readonly MessageQueue[], expression: FilterExpression = '*'): void {
    const before = this.#subscriptions.all().map(({ topic }) => topic)
    if (this.#assigned === undefined && before.length > 0) throw mixed('Assigning', this.consumerGroup)
    const topics = new Set(queues.map(({ topic }) => topic))
    for (const topic of before) if (!topics.has(topic)) this.#subscriptions.delete(topic)
    for (const topic of topics) this.#subscriptions.set(topic, expression)
    this.#assigned = new Set(queues.map(queueKey))
    for (const topic of new Set([...before, ...topics])) this.#run?.subscriptionsChanged(topic)
  }

  /**
   * Rejects with MqError NAME_SERVER_UNREACHABLE, SUBSCRIPTION_ILLEGAL when a broker does not serve an SQL92
   * expression or REQUEST_ABORTED (it may then be called again), ALREADY_STARTED or CLOSED. A consumer that
   * had begun to take part when the signal aborted goes on until `shutdown`.
   */
  async start({ signal }: Pick<CallOptions, 'signal'> = {}): Promise<void> {
    this.#instance.assertStartable()
    await askAhead(this.#instance, this.consumerGroup, this.#subscriptions.all(), signal)
    this.#instance.start()
    const work = { polled: this.#polled, chosen: (queue: MessageQueue) => this.#isChosen(queue) }
    this.#run = new ConsumerRun(this.#instance, this.#settings, this.#subscriptions, work)
    await this.#within(this.#run.start(), `Starting a consumer of '${this.consumerGroup}'`, { signal })
  }

  /** Resolves when queues of every topic were shared out once. */
  async ready(options: CallOptions = {}): Promise<void> {
    await this.#started('Waiting for queues').ready(options)
  }

  /**
   * Messages in queue order within each queue; empty when none came in time or the consumer is closing.
   * Rejects with MqError REQUEST_ABORTED when the signal came first: nothing was taken then.
   */
  async poll(options: PollOptions = {}): Promise<MessageView[]> {
    const attempted = 'Polling'
    const { timeoutMs = POLL_TIMEOUT_MS, countMax = this.#settings.pullBatchSize, signal } = options
    this.#started(attempted)
    throwIfAborted(signal, attempted)
    if (this.#autoCommit) this.#polled.finish()
    const ends = signal === undefined ? [this.#closing.signal] : [signal, this.#closing.signal]
    const taken = await this.#polled.take(countMax, timeoutMs, ends)
    if (taken.length === 0) throwIfAborted(signal, attempted)
    return taken
  }

  /**
   * Each message once, until `shutdown`; ends with MqError REQUEST_ABORTED when the signal aborts. With
   * autoCommit a message is consumed when the next one is asked for: that of a loop which was left by
   * `break` or a throw is not, unless `commit` says so or the consumer is polled again.
   */
  async *messages({
    signal,
  }: Pick<PollOptions, 'signal'> = {}): AsyncGenerator<MessageView, void, undefined> {
    const one = { countMax: 1, timeoutMs: POLL_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) }
    while (!this.#closing.signal.aborted) yield* await this.poll(one)
  }

  /** As `messages`, without a signal. */
  [Symbol.asyncIterator](): AsyncGenerator<MessageView, void, undefined> {
    return this.messages()
  }

  /** All that was polled is consumed. Brokers that cannot be told now are told at the next interval. */
  async commit(options: CallOptions = {}): Promise<void> {
    const attempted = 'Committing'
    const run = this.#started(attempted)
    throwIfAborted(options.signal, attempted)
    this.#polled.finish()
    await this.#within(run.persistOffsets(), attempted, options)
  }

  /** The group's committed offset, or undefined. */
  async committed(queue: MessageQueue, options: CallOptions = {}): Promise<number | undefined> {
    const address = await this.#addressOf(queue, 'Asking for the committed offset', options)
    return this.#instance.api.queryConsumerOffset(address, this.consumerGroup, queue, options)
  }

  /** Goes on at `queueOffset`, which is then committed. Rejects when the queue is not assigned here. */
  async seek(queue: MessageQueue, queueOffset: number, options: CallOptions = {}): Promise<void> {
    const attempted = 'Seeking'
    const run = this.#started(attempted)
    throwIfAborted(options.signal, attempted)
    if (!this.assignment().some((mine) => queueKey(mine) === queueKey(queue))) {
      const what = `Seeking in queue ${queue.queueId} of '${queue.topic}' at '${queue.brokerName}'`
      throw new MqError('QUEUE_NOT_FOUND', `${what}: it is not assigned to this consumer`)
    }
    await this.#within(run.resetOffsets(queue.topic, [[queue, queueOffset]]), attempted, options)
  }

  async seekToBegin(queue: MessageQueue, options: CallOptions = {}): Promise<void> {
    const address = await this.#addressOf(queue, 'Seeking', options)
    await this.seek(queue, await this.#instance.api.minOffset(address, queue, options), options)
  }

  async seekToEnd(queue: MessageQueue, options: CallOptions = {}): Promise<void> {
    const address = await this.#addressOf(queue, 'Seeking', options)
    await this.seek(queue, await this.#instance.api.maxOffset(address, queue, options), options)
  }

  /** First message stored at `timestamp` (ms since 1970) or later; the max offset when there is none. */
  async offsetForTimestamp(
    queue: MessageQueue,
    timestamp: number,
    options: CallOptions = {},
  ): Promise<number> {
    const address = await this.#addressOf(queue, 'Searching an offset', options)
    return this.#instance.api.searchOffset(address, queue, timestamp, options)
  }

  /** The queues that are this consumer's now. */
  assignment(): readonly MessageQueue[] {
    return this.#run?.assignedQueues() ?? []
  }

  /** The topic's queues that can be read, sorted by broker name and id. Rejects with ROUTE_NOT_FOUND. */
  async messageQueues(topic: string, options: CallOptions = {}): Promise<readonly MessageQueue[]> {
    const attempted = `Listing the queues of '${topic}'`
    this.#instance.assertStarted(attempted)
    return (await this.#within(this.#instance.routes.require(topic), attempted, options)).readQueues
  }

  /** Nothing of these queues is handed out until `resume`. */
  pause(queues: readonly MessageQueue[]): void {
    this.#polled.pause(queues)
  }

  resume(queues: readonly MessageQueue[]): void {
    this.#polled.resume(queues)
  }

  /** Ends waiting polls, commits what counts as consumed, leaves the group. May be called again. */
  shutdown({ timeoutMs = SHUTDOWN_TIMEOUT_MS }: ShutdownOptions = {}): Promise<void> {
    this.#closing.abort()
    this.#stopping ??= (async () => {
      await this.#run?.stop(timeoutMs)
      await this.#instance.stop()
    })()
    return this.#stopping
  }

  #isChosen(queue: MessageQueue): boolean | undefined {
    return this.#assigned?.has(queueKey(queue))
  }

  async #addressOf(queue: MessageQueue, attempted: string, options: CallOptions): Promise<string> {
    const what = `${attempted} of queue ${queue.queueId} of '${queue.topic}'`
    this.#instance.assertStarted(what)
    await this.#within(this.#instance.routes.require(queue.topic), what, options)
    return this.#instance.routes.requireMaster(queue.brokerName)
  }

  #within<T>(promise: Promise<T>, attempted: string, options: CallOptions): Promise<T> {
    return inTime(this.#instance.env.clock, promise, attempted, options)
  }

  #started(attempted: string): ConsumerRun {
    this.#instance.assertStarted(attempted)
    if (this.#run === undefined) throw new MqError('NOT_STARTED', attempted)
    return this.#run
  }
}

const mixed = (attempted: string, group: string): MqError =>
  new MqError(
    'SUBSCRIPTION_ILLEGAL',
    `${attempted} in '${group}': a consumer either subscribes to topics or is assigned queues`,
  )
