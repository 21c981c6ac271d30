import { Deadlines, type Env } from '@rockhopper/env'
import { type MessageExt, MqError, retryTopic } from '@rockhopper/message'
import type {
  ConsumeMessageDirectlyResult,
  ConsumerData,
  ConsumerRunningInfo,
  MessageQueue,
} from '@rockhopper/remoting'
import type { ConsumerMember, QueueOffsets } from '../broker-calls.js'
import type { ClientInstance } from '../client-instance.js'
import { Gate } from '../gate.js'
import type { MessageListener } from '../listener.js'
import { Periodic } from '../periodic.js'
import { Sender } from '../producing/sender.js'
import { type Patience, wait } from '../wait.js'
import { Assignment } from './assignment.js'
import { BrokerOffsetStore } from './broker-offset-store.js'
import { ConcurrentConsumption } from './concurrent-consumption.js'
import { consumeDirectly } from './consume-directly.js'
import type { ConsumerSettings } from './consumer-settings.js'
import type { Consumption, ConsumptionParts } from './consumption.js'
import { checkFilters, subscriptionData } from './filter-check.js'
import { LocalOffsetStore } from './local-offset-store.js'
import { offsetDirectory } from './offset-directory.js'
import type { OffsetStore } from './offset-store.js'
import { OrderlyConsumption } from './orderly-consumption.js'
import type { PolledConsumption } from './polled-consumption.js'
import type { ProcessQueue } from './process-queue.js'
import { PullLoop, type PullParts } from './pull-loop.js'
import { LOCK_RENEWAL_MS, QueueLocks } from './queue-locks.js'
import { Rebalance } from './rebalance.js'
import { runningInfo } from './running-info.js'
import { sendBack } from './send-back.js'
import { startOffset } from './start-offset.js'
import type { Subscriptions } from './subscriptions.js'
import { Turns } from './turns.js'

/** Group of the sends that give messages back (Apache: MixAll.CLIENT_INNER_PRODUCER_GROUP). */
const INNER_PRODUCER_GROUP = 'CLIENT_INNER_PRODUCER'
/** Pause before a queue whose offset was illegal is taken anew: an answer that repeats must not spin. */
const REPOSITION_PAUSE_MS = 100
/** A consumer that is polled cannot consume a message directly (code 309). */
const REFUSING: MessageListener = () => {
  throw new MqError('ARGUMENT_ILLEGAL', 'Consuming directly: this consumer has no listener, it is polled')
}

/** What messages are for: a listener that is called, or polls of the application. */
export type ConsumerWork =
  | MessageListener
  | {
      readonly polled: PolledConsumption
      /** Queues that the application assigned itself; undefined while the group shares them out. */
      readonly chosen: (queue: MessageQueue) => boolean | undefined
    }

/** A push consumer between start and shutdown: its parts and how they are joined. */
export class ConsumerRun implements ConsumerMember {
  readonly group: string
  readonly #instance: ClientInstance
  readonly #env: Env
  readonly #settings: ConsumerSettings
  readonly #subscriptions: Subscriptions
  readonly #work: ConsumerWork
  readonly #startedAt: number
  readonly #gate = new Gate()
  readonly #turns: Turns
  readonly #shutdown = new AbortController()
  /** Listener calls that run. */
  readonly #calls: Deadlines
  readonly #offsets: OffsetStore
  readonly #locks: QueueLocks | undefined
  readonly #assignment: Assignment
  readonly #rebalance: Rebalance
  readonly #jobs: { readonly rebalance: Periodic; readonly persist: Periodic; readonly locks: Periodic }

  constructor(
    instance: ClientInstance,
    settings: ConsumerSettings,
    subscriptions: Subscriptions,
    work: ConsumerWork,
  ) {
    this.group = settings.consumerGroup
    this.#instance = instance
    this.#env = instance.env
    this.#settings = settings
    this.#subscriptions = subscriptions
    this.#work = work
    this.#startedAt = instance.env.clock.now()
    this.#turns = new Turns(settings.consumeThreads)
    this.#calls = new Deadlines(instance.env.clock)
    this.#offsets = this.#makeOffsets()
    this.#locks = settings.orderly && settings.clustering ? this.#makeLocks() : undefined
    const consumption = this.#makeConsumption()
    this.#assignment = new Assignment({
      clock: this.#env.clock,
      log: this.#env.log,
      offsets: this.#offsets,
      consumption,
      limits: settings.limits,
      locks: this.#locks,
      pullLoop: (processQueue) => new PullLoop(this.#pullParts(consumption), processQueue),
    })
    this.#rebalance = this.#makeRebalance()
    this.#jobs = this.#makeJobs()
  }

  async start(): Promise<void> {
    const { clustering } = this.#settings
    // Retries of this group come through its own topic.
    if (clustering && typeof this.#work === 'function') this.#subscriptions.set(retryTopic(this.group), '*')
    this.#instance.addConsumer(this)
    try {
      await this.#instance.heartbeat()
      this.#jobs.rebalance.start(0)
      this.#jobs.persist.start(this.#settings.persistConsumerOffsetIntervalMs)
      this.#jobs.locks.start(LOCK_RENEWAL_MS)
      await this.#jobs.rebalance.trigger()
    } catch (error) {
      // A member that is known but never pulls would keep its share of the queues from the others.
      await this.#instance.removeConsumer(this)
      throw error
    }
  }

  async ready(patience: Patience): Promise<void> {
    await this.#rebalance.ready(patience)
  }

  suspend(): void {
    this.#gate.close()
    this.#turns.suspend()
  }

  resume(): void {
    this.#gate.open()
    this.#turns.resume()
  }

  /** The broker has to know before queues are split, and the old route may not name the topic's brokers. */
  subscriptionsChanged(topic: string): void {
    this.#rebalance.forget(topic)
    this.#instance.background.run('heartbeat after subscribe', async () => {
      const subscription = this.#subscriptions.get(topic)
      if (subscription !== undefined) await this.#instance.routes.find(topic)
      if (subscription !== undefined) await checkFilters(this.#instance, this.group, [subscription])
      await this.#instance.heartbeat()
      await this.#jobs.rebalance.trigger()
    })
  }

  async stop(timeoutMs: number): Promise<void> {
    await this.#jobs.rebalance.stop()
    this.#rebalance.close()
    this.#turns.close()
    await this.#assignment.releaseAll(timeoutMs)
    this.#shutdown.abort()
    this.#calls.passAll()
    this.#gate.open()
    await Promise.all([this.#jobs.persist.stop(), this.#jobs.locks.stop()])
  }

  heartbeat(): ConsumerData {
    const { consumeFromWhere, clustering } = this.#settings
    return {
      groupName: this.group,
      consumeType: typeof this.#work === 'function' ? 'CONSUME_PASSIVELY' : 'CONSUME_ACTIVELY',
      messageModel: clustering ? 'CLUSTERING' : 'BROADCASTING',
      consumeFromWhere,
      unitMode: false,
      subscriptionDataSet: this.#subscriptions.all().map(subscriptionData),
    }
  }

  idsChanged(): void {
    this.#instance.background.run('rebalance', () => this.#jobs.rebalance.trigger())
  }

  connectionClosed(address: string): void {
    for (const brokerName of this.#instance.routes.masterNamesAt(address)) this.#locks?.voidAt(brokerName)
  }

  /** See `PushConsumer.sinceLastPoll`. */
  sinceLastPoll(): number | undefined {
    const queues = this.#assignment.processQueues()
    if (queues.length === 0 || !this.#gate.isOpen) return undefined
    const answered = queues.map(({ lastPullAt, takenAt }) => Math.max(lastPullAt, takenAt))
    return Math.round(this.#env.clock.monotonic() - Math.min(...answered))
  }

  assignedQueues(): readonly MessageQueue[] {
    return this.#assignment.queues()
  }

  /** Commits what counts as consumed now, without waiting for the interval. */
  async persistOffsets(): Promise<void> {
    await this.#jobs.persist.trigger()
  }

  /** remoting.md section 23. Members that hold the queue drop it and take it anew from the offset given. */
  async resetOffsets(topic: string, offsets: QueueOffsets): Promise<void> {
    const mine = offsets.filter(([queue]) => queue.topic === topic && this.#assignment.has(queue))
    await Promise.all(mine.map(([queue, queueOffset]) => this.#assignment.drop(queue, queueOffset)))
    await this.#jobs.rebalance.trigger()
  }

  status(topic: string): QueueOffsets {
    const mine = this.#assignment.processQueues().filter((processQueue) => processQueue.queue.topic === topic)
    return mine.map(
      ({ queue, commitOffset }) => [queue, this.#offsets.current(queue) ?? commitOffset] as const,
    )
  }

  runningInfo(): ConsumerRunningInfo {
    return runningInfo({
      settings: this.#settings,
      namesrvAddr: this.#instance.nameServers.addresses.join(';'),
      startedAt: this.#startedAt,
      clock: this.#env.clock,
      subscriptions: this.heartbeat().subscriptionDataSet,
      processQueues: this.#assignment.processQueues(),
      locked: (processQueue) => this.#locks?.holds(processQueue) ?? false,
    })
  }

  consumeDirectly(record: MessageExt, brokerName: string): Promise<ConsumeMessageDirectlyResult> {
    return consumeDirectly(
      { ...this.#callParts(), env: this.#env, settings: this.#settings },
      record,
      brokerName,
    )
  }

  #makeOffsets(): OffsetStore {
    const { disk, log } = this.#env
    if (!this.#settings.clustering)
      return new LocalOffsetStore(disk, log, offsetDirectory(this.#env, this.#settings))
    const { api, routes } = this.#instance
    const offsets = {
      query: async (queue: MessageQueue) =>
        api.queryConsumerOffset(routes.requireMaster(queue.brokerName), this.group, queue),
      commit: async (queue: MessageQueue, queueOffset: number) =>
        api.updateConsumerOffset(routes.requireMaster(queue.brokerName), this.group, queue, queueOffset),
    }
    return new BrokerOffsetStore(offsets, log)
  }

  #makeLocks(): QueueLocks {
    const { api, routes, clientId } = this.#instance
    const bodyOf = (queues: readonly MessageQueue[]) => ({ consumerGroup: this.group, clientId, queues })
    return new QueueLocks(this.#env.clock, this.#env.log, {
      lock: async (brokerName, queues) => api.lockQueues(routes.requireMaster(brokerName), bodyOf(queues)),
      unlock: async (brokerName, queues) =>
        api.unlockQueues(routes.requireMaster(brokerName), bodyOf(queues)),
    })
  }

  #callParts() {
    const { consumeTimeoutMs, suspendCurrentQueueTimeMs } = this.#settings
    return {
      clock: this.#env.clock,
      log: this.#env.log,
      consumerGroup: this.group,
      listener: typeof this.#work === 'function' ? this.#work : REFUSING,
      consumeTimeoutMs,
      suspendCurrentQueueTimeMs,
      deadlines: this.#calls,
      hooks: this.#instance.hooks,
    }
  }

  #makeConsumption(): Consumption {
    const { clustering, consumeMessageBatchMaxSize, maxReconsumeTimes, orderly } = this.#settings
    const instance = this.#instance
    const sender = new Sender(instance, { producerGroup: INNER_PRODUCER_GROUP, untraced: true })
    const back = { instance, sender, consumerGroup: this.group, maxReconsumeTimes }
    const parts: ConsumptionParts = {
      ...this.#callParts(),
      turns: this.#turns,
      batchSizeMax: consumeMessageBatchMaxSize,
      shutdown: this.#shutdown.signal,
      broadcasting: !clustering,
      sendBack: (...given) => sendBack(back, ...given),
      moveOffset: (processQueue, queueOffset) => this.#offsets.update(processQueue.queue, queueOffset),
    }
    if (typeof this.#work !== 'function') {
      this.#work.polled.bind(parts.moveOffset)
      return this.#work.polled
    }
    if (!orderly) return new ConcurrentConsumption(parts)
    return new OrderlyConsumption({
      ...parts,
      maxReconsumeTimes,
      holdsLock: (processQueue) => this.#locks?.holds(processQueue) ?? true,
      lockLost: (processQueue) => this.#retake(processQueue),
    })
  }

  #pullParts(consumption: Consumption): PullParts {
    const settings = this.#settings
    return {
      instance: this.#instance,
      consumerGroup: this.group,
      subscriptions: this.#subscriptions,
      offsets: this.#offsets,
      consumption,
      gate: this.#gate,
      commits: (queue) => settings.clustering && this.#mayCommit(queue),
      pullBatchSize: settings.pullBatchSize,
      pullIntervalMs: settings.pullIntervalMs,
      suspendMs: settings.brokerSuspendMaxTimeMs,
      timeoutMs: settings.consumerTimeoutMsWhenSuspend,
      failurePauseMs: settings.pullTimeDelayMsWhenException,
      decompressedSizeMax: settings.decompressedSizeMax,
      reposition: (processQueue, queueOffset) => this.#retake(processQueue, queueOffset),
    }
  }

  /** An orderly member without the lock leaves the offset to whoever has it now. */
  #mayCommit(queue: MessageQueue): boolean {
    return this.#locks?.holds({ queue }) ?? true
  }

  /** Drops a queue and lets the rebalance take it anew, from `queueOffset` or from what is committed then. */
  #retake(processQueue: ProcessQueue, queueOffset?: number): void {
    if (processQueue.leaving) return
    processQueue.drop()
    this.#env.log.info('client.queue.retaken', { ...processQueue.queue, queueOffset })
    this.#instance.background.run('retake', async () => {
      await this.#assignment.drop(processQueue.queue, queueOffset)
      if (queueOffset !== undefined) await wait(this.#env.clock, REPOSITION_PAUSE_MS, this.#shutdown.signal)
      await this.#jobs.rebalance.trigger()
    })
  }

  #makeRebalance(): Rebalance {
    const { clustering, allocateStrategy, consumeFromWhere, consumeTimestamp } = this.#settings
    const { api, routes } = this.#instance
    const bounds = {
      minOffset: async (queue: MessageQueue) => api.minOffset(routes.requireMaster(queue.brokerName), queue),
      maxOffset: async (queue: MessageQueue) => api.maxOffset(routes.requireMaster(queue.brokerName), queue),
      searchOffset: async (queue: MessageQueue, timestamp: number) =>
        api.searchOffset(routes.requireMaster(queue.brokerName), queue, timestamp),
    }
    const from = { where: consumeFromWhere, timestamp: consumeTimestamp }
    return new Rebalance({
      instance: this.#instance,
      log: this.#env.log,
      consumerGroup: this.group,
      clustering,
      chosen: typeof this.#work === 'function' ? () => undefined : this.#work.chosen,
      strategy: allocateStrategy,
      subscriptions: this.#subscriptions,
      assignment: this.#assignment,
      locks: this.#locks,
      startOffset: (queue) => startOffset(queue, this.#offsets, bounds, from),
    })
  }

  #makeJobs() {
    const { clock, log } = this.#env
    const { rebalanceIntervalMs, persistConsumerOffsetIntervalMs } = this.#settings
    const job = (name: string, intervalMs: number, run: () => Promise<number | void>) =>
      new Periodic({ name, clock, log, intervalMs, run })
    return {
      rebalance: job(
        'rebalance',
        rebalanceIntervalMs,
        async () => (await this.#rebalance.run()) ?? rebalanceIntervalMs,
      ),
      persist: job('persist offsets', persistConsumerOffsetIntervalMs, () =>
        this.#offsets.persist(this.#assignment.queues().filter((queue) => this.#mayCommit(queue))),
      ),
      locks: job('renew locks', LOCK_RENEWAL_MS, async () =>
        this.#locks?.renew(this.#assignment.lockedQueues()),
      ),
    }
  }
}
