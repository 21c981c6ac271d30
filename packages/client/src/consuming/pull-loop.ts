import { AssertionError } from 'node:assert'
import type { Env } from '@rockhopper/env'
import { isMqError, MqError, Property, PullSysFlag } from '@rockhopper/message'
import { type MessageQueue, ResponseCode } from '@rockhopper/remoting'
import type { PullAnswer } from '../api/message-calls.js'
import { MASTER_ID } from '../api/topic-route.js'
import type { ClientInstance } from '../client-instance.js'
import type { Gate } from '../gate.js'
import { decompressed, viewOf, wantedBy } from '../received-message.js'
import { endedOrAborted, jittered, wait } from '../wait.js'
import type { Consumption } from './consumption.js'
import type { OffsetStore } from './offset-store.js'
import type { ProcessQueue, Pulled } from './process-queue.js'
import type { Subscription, Subscriptions } from './subscriptions.js'

/** An empty answer that came faster than this was not a long poll: without a pause the loop would spin. */
const POLL_MS_MIN = 50
/** Pause after FLOW_CONTROL (Apache: PULL_TIME_DELAY_MILLS_WHEN_BROKER_FLOW_CONTROL). */
const FLOW_CONTROL_MS = 20

export interface PullParts {
  readonly instance: ClientInstance
  readonly consumerGroup: string
  readonly subscriptions: Subscriptions
  readonly offsets: OffsetStore
  readonly consumption: Consumption
  /** Closed while the consumer is suspended. */
  readonly gate: Gate
  /** Whether the committed offset may travel with a pull now. */
  readonly commits: (queue: MessageQueue) => boolean
  readonly pullBatchSize: number
  readonly pullIntervalMs: number
  readonly suspendMs: number
  readonly timeoutMs: number
  readonly failurePauseMs: number
  readonly decompressedSizeMax: number
  /** The broker says that our offset is none: the queue must be taken anew from this one. */
  readonly reposition: (processQueue: ProcessQueue, queueOffset: number) => void
}

/** Pulls one queue, one request at a time, as long as the queue is ours (Apache: PullMessageService). */
export class PullLoop {
  readonly #parts: PullParts
  readonly #env: Env
  readonly #processQueue: ProcessQueue
  /** Broker id the last answer suggested; 0 is the master. */
  #brokerId = MASTER_ID
  #done: Promise<void> | undefined

  constructor(parts: PullParts, processQueue: ProcessQueue) {
    this.#parts = parts
    this.#env = parts.instance.env
    this.#processQueue = processQueue
  }

  start(): void {
    this.#done ??= this.#run()
  }

  /** Resolves when the loop ended; whoever wants that makes the queue leave first. */
  async ended(): Promise<void> {
    await this.#done
  }

  async #run(): Promise<void> {
    const { gate, pullIntervalMs } = this.#parts
    const processQueue = this.#processQueue
    while (!processQueue.leaving) {
      if (!gate.isOpen) await endedOrAborted(gate.passed(), processQueue.leavingSignal)
      await processQueue.room()
      if (processQueue.leaving) return
      const pauseMs = Math.max(await this.#pull(), pullIntervalMs)
      if (pauseMs > 0) await wait(this.#env.clock, pauseMs, processQueue.leavingSignal)
    }
  }

  /** One pull. Returns the pause before the next. */
  async #pull(): Promise<number> {
    const { queue } = this.#processQueue
    const subscription = this.#parts.subscriptions.get(queue.topic)
    if (subscription === undefined) return this.#parts.failurePauseMs
    const askedAt = this.#env.clock.monotonic()
    const address = this.#address()
    try {
      if (address === undefined) throw new MqError('BROKER_NOT_FOUND', `Pulling from '${queue.brokerName}'`)
      // A broker that was restarted has to know its members before it is pulled from: a pull would be held
      // there, and the others would share our queues out meanwhile. Whether it worked, the pull tells.
      await this.#parts.instance.greet(address)
      const answer = await this.#ask(address, subscription)
      this.#processQueue.lastPullAt = this.#env.clock.monotonic()
      this.#brokerId = answer.suggestWhichBrokerId
      if (this.#processQueue.leaving) return 0
      await this.#take(answer, subscription)
      const tookMs = this.#env.clock.monotonic() - askedAt
      return answer.status === 'NO_NEW_MSG' && tookMs < POLL_MS_MIN ? POLL_MS_MIN : 0
    } catch (error) {
      if (this.#processQueue.leaving || isMqError(error, 'REQUEST_ABORTED')) return 0
      return this.#failed(address, error)
    }
  }

  #address(): string | undefined {
    const { routes } = this.#parts.instance
    const { brokerName } = this.#processQueue.queue
    return routes.brokerAddress(brokerName, this.#brokerId) ?? routes.masterAddress(brokerName)
  }

  #ask(address: string, subscription: Subscription): Promise<PullAnswer> {
    const { queue, nextOffset, leavingSignal } = this.#processQueue
    const { consumerGroup, offsets, pullBatchSize, suspendMs, timeoutMs } = this.#parts
    const commitOffset = this.#parts.commits(queue) ? (offsets.current(queue) ?? 0) : 0
    // Slaves do not take commits (remoting.md section 17.2).
    const commits = commitOffset > 0 && this.#brokerId === MASTER_ID
    const header = {
      consumerGroup,
      topic: queue.topic,
      queueId: queue.queueId,
      queueOffset: nextOffset,
      maxMsgNums: pullBatchSize,
      sysFlag: PullSysFlag.SUSPEND | PullSysFlag.SUBSCRIPTION | (commits ? PullSysFlag.COMMIT_OFFSET : 0),
      commitOffset,
      suspendTimeoutMillis: suspendMs,
      subscription: subscription.expression,
      subVersion: subscription.subVersion,
      expressionType: subscription.expressionType,
      bname: queue.brokerName,
    }
    return this.#parts.instance.api.pull(address, header, { timeoutMs, signal: leavingSignal })
  }

  async #take(answer: PullAnswer, subscription: Subscription): Promise<void> {
    const processQueue = this.#processQueue
    if (answer.status === 'OFFSET_ILLEGAL') {
      const { queue, nextOffset } = processQueue
      this.#env.log.warn('client.pull.offsetIllegal', {
        ...queue,
        queueOffset: nextOffset,
        moved: answer.nextBeginOffset,
      })
      this.#parts.reposition(processQueue, answer.nextBeginOffset)
      return
    }
    const wanted = answer.records.filter((record) => wantedBy(subscription.tagsSet, record))
    const pulled = await Promise.all(wanted.map((record) => this.#read(record, answer)))
    if (processQueue.leaving) return
    const taken = processQueue.put(pulled, answer.nextBeginOffset)
    if (taken.length > 0) this.#parts.consumption.submit(processQueue, taken)
    // Nothing held: what the filter left out is done, or the group would read it again after a restart.
    else if (processQueue.count === 0)
      this.#parts.offsets.update(processQueue.queue, processQueue.commitOffset)
  }

  async #read(record: PullAnswer['records'][number], answer: PullAnswer): Promise<Pulled> {
    const { queue } = this.#processQueue
    record.properties[Property.MIN_OFFSET] = String(answer.minOffset)
    record.properties[Property.MAX_OFFSET] = String(answer.maxOffset)
    try {
      const readable = await decompressed(record, this.#env.compute, this.#parts.decompressedSizeMax)
      return { message: viewOf(readable, queue) }
    } catch (problem) {
      if (!(problem instanceof MqError)) throw problem
      return { message: viewOf(record, queue), problem }
    }
  }

  #failed(address: string | undefined, error: unknown): number {
    const { instance, consumerGroup } = this.#parts
    const failurePauseMs = jittered(this.#env.random, this.#parts.failurePauseMs)
    if (error instanceof AssertionError) throw error
    this.#brokerId = MASTER_ID
    this.#env.log.warn('client.pull.failed', { consumerGroup, ...this.#processQueue.queue, address, error })
    if (!(error instanceof MqError)) return failurePauseMs
    if (error.responseCode === ResponseCode.FLOW_CONTROL) return FLOW_CONTROL_MS
    if (address !== undefined && FORGOTTEN.has(error.responseCode ?? error.code)) {
      instance.lost(address)
    }
    return failurePauseMs
  }
}

/** After these the broker may not know us: a new connection, or 24 to 28. The next pull greets it. */
const FORGOTTEN: ReadonlySet<number | string> = new Set([
  'CONNECTION_CLOSED',
  'CONNECT_FAILED',
  ResponseCode.SUBSCRIPTION_NOT_EXIST,
  ResponseCode.SUBSCRIPTION_NOT_LATEST,
  ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
  ResponseCode.FILTER_DATA_NOT_EXIST,
  ResponseCode.FILTER_DATA_NOT_LATEST,
])
