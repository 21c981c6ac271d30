import type { DiskLock } from '@rockhopper/env'
import { checkGroup, MqError } from '@rockhopper/message'
import type { CallOptions } from './api/commands.js'
import { ClientInstance } from './client-instance.js'
import { ConsumerRun } from './consuming/consumer-run.js'
import { type ConsumerSettings, consumerSettings } from './consuming/consumer-settings.js'
import { askAhead } from './consuming/filter-check.js'
import { lockOffsets } from './consuming/offset-directory.js'
import { type FilterExpression, Subscriptions } from './consuming/subscriptions.js'
import type { MessageListener } from './listener.js'
import type { PushConsumerOptions, ShutdownOptions } from './push-consumer-options.js'
import { startTracing } from './tracing/trace-hook.js'
import { inTime } from './wait.js'

/** How long running listener calls are waited for by default. */
const SHUTDOWN_TIMEOUT_MS = 10_000

/**
 * Receives the messages of its group's topics: at least once, again after a failure, in queue order when
 * `orderly`. It pulls; the name is Apache's, for the listener that is called.
 */
export class PushConsumer {
  readonly #settings: ConsumerSettings
  readonly #instance: ClientInstance
  readonly #subscriptions: Subscriptions
  #flushTraces = () => Promise.resolve()
  #run: ConsumerRun | undefined
  #offsetLock: DiskLock | undefined
  #suspended = false
  #stopping: Promise<void> | undefined

  /** Opens nothing. Throws MqError GROUP_ILLEGAL, ADDRESS_ILLEGAL or ARGUMENT_ILLEGAL. */
  constructor(options: PushConsumerOptions) {
    const reason = checkGroup(options.consumerGroup)
    if (reason !== undefined) {
      throw new MqError('GROUP_ILLEGAL', `Making a consumer of '${options.consumerGroup}': ${reason}`)
    }
    this.#instance = new ClientInstance(options)
    this.#settings = consumerSettings(options, this.#instance.env)
    this.#subscriptions = new Subscriptions(this.#instance.env.clock)
    if (options.enableTrace === true)
      this.#flushTraces = startTracing(this.#instance, options.consumerGroup, 'CONSUME', options.traceTopic)
  }

  get consumerGroup(): string {
    return this.#settings.consumerGroup
  }

  /** `<ip>@<instanceName>`, what brokers and tools know this client by. */
  get clientId(): string {
    return this.#instance.clientId
  }

  /**
   * Before or after start; a second call for a topic replaces the first. `expression` is `*`, tags joined
   * by `||`, or `{ sql }`, which needs a broker with enablePropertyFilter. Throws
   * MqError TOPIC_ILLEGAL or SUBSCRIPTION_ILLEGAL.
   */
  subscribe(topic: string, expression: FilterExpression = '*'): void {
    this.#subscriptions.set(topic, expression)
    this.#run?.subscriptionsChanged(topic)
  }

  /** Gives the topic's queues up, after the listener calls that run. */
  unsubscribe(topic: string): void {
    this.#subscriptions.delete(topic)
    this.#run?.subscriptionsChanged(topic)
  }

  /**
   * Starts to take part in the group. Resolves after the first attempt to take queues, also when brokers or
   * routes are not there yet: it goes on trying. Rejects with MqError NAME_SERVER_UNREACHABLE when no name
   * server answers, SUBSCRIPTION_ILLEGAL when a broker does not serve an SQL92 expression or REQUEST_ABORTED
   * (it may then be called again), ALREADY_STARTED or CLOSED; when broadcasting, also with ARGUMENT_ILLEGAL
   * while another member on this host uses the same offsets, CONFIG_UNREADABLE. A consumer that had begun to
   * take part when the signal aborted goes on until `shutdown`.
   */
  async start(listener: MessageListener, { signal }: Pick<CallOptions, 'signal'> = {}): Promise<void> {
    this.#instance.assertStartable()
    await askAhead(this.#instance, this.consumerGroup, this.#subscriptions.all(), signal)
    const run = await this.#begin(listener)
    if (this.#suspended) run.suspend()
    const attempted = `Starting a consumer of '${this.consumerGroup}'`
    await inTime(this.#instance.env.clock, run.start(), attempted, { signal })
  }

  /** Offsets are locked before they are read: a member that is leaving may still write them. */
  async #begin(listener: MessageListener): Promise<ConsumerRun> {
    const { env } = this.#instance
    const lock = this.#settings.clustering ? undefined : await lockOffsets(env, this.#settings)
    try {
      this.#instance.start()
      this.#run = new ConsumerRun(this.#instance, this.#settings, this.#subscriptions, listener)
    } catch (error) {
      await lock?.release()
      throw error
    }
    this.#offsetLock = lock
    return this.#run
  }

  /** Resolves when queues of every subscribed topic were assigned once (to this member or to others). */
  async ready(options: CallOptions = {}): Promise<void> {
    await this.#started('Waiting for queues').ready(options)
  }

  /**
   * How long ago, in ms, a broker last answered a pull, for the queue of this member that has waited longest;
   * undefined while it has no queue or is suspended. An idle queue is answered every 15 s or so. One whose
   * messages wait for the listener, as many as may be held, is not pulled, and its time grows.
   */
  sinceLastPoll(): number | undefined {
    return this.#suspended ? undefined : this.#run?.sinceLastPoll()
  }

  /**
   * No new pulls and no new listener calls; queues stay assigned. Before start: the consumer starts
   * suspended.
   */
  suspend(): void {
    this.#suspended = true
    this.#run?.suspend()
  }

  resume(): void {
    this.#suspended = false
    this.#run?.resume()
  }

  /**
   * Stops pulling, waits for running listener calls, commits offsets, unlocks, unregisters, closes. May be
   * called again.
   */
  shutdown(options: ShutdownOptions = {}): Promise<void> {
    this.#stopping ??= this.#shutdown(options.timeoutMs ?? SHUTDOWN_TIMEOUT_MS)
    return this.#stopping
  }

  async #shutdown(timeoutMs: number): Promise<void> {
    await this.#run?.stop(timeoutMs)
    await this.#flushTraces()
    await this.#instance.stop()
    await this.#offsetLock?.release()
  }

  #started(attempted: string): ConsumerRun {
    this.#instance.assertStarted(attempted)
    if (this.#run === undefined) throw new MqError('NOT_STARTED', attempted)
    return this.#run
  }
}
