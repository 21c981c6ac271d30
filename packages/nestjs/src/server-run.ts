import type { LoggerService } from '@nestjs/common'
import { isMqError } from '@rockhopper/message'
import type { Subject } from 'rxjs'
import { type Connection, openConnection, waitForNameServer } from './connection.js'
import { createGroupConsumer, type HandleMessage, startGroupConsumer } from './group-consumer.js'
import type { NativeConsumer, NativeProducer } from './native.js'
import { DEFAULT_PRODUCER_GROUP, type RocketMQServerOptions } from './options.js'
import type { GroupPlan } from './routes.js'

export type RocketMQServerStatus =
  | 'connecting'
  | 'connected'
  | 'disconnected'
  | 'paused'
  | 'draining'
  | 'closed'

const SHUTDOWN_TIMEOUT_MS = 10_000
/** Between two starts of a consumer while no name server answers. */
const START_RETRY_MS = 1_000

/** One life of a server, from `listen` to `close`: its producer and the consumers of its groups. */
export class ServerRun {
  readonly producer: NativeProducer
  /** By consumer group. */
  readonly consumers: ReadonlyMap<string, NativeConsumer>
  readonly #options: RocketMQServerOptions
  readonly #plans: readonly GroupPlan[]
  readonly #connection: Connection
  readonly #status$: Subject<RocketMQServerStatus>
  readonly #handle: HandleMessage
  #connecting: Promise<void> | undefined
  #pulling: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  /** Starts that go on in the background, and what ends their pauses. */
  readonly #lateStarts: Promise<void>[] = []
  readonly #pauses = new Set<() => void>()
  #paused = false

  constructor(
    options: RocketMQServerOptions,
    plans: readonly GroupPlan[],
    logger: LoggerService,
    status$: Subject<RocketMQServerStatus>,
    handle: HandleMessage,
  ) {
    this.#options = options
    this.#plans = plans
    this.#status$ = status$
    this.#handle = handle
    this.#connection = openConnection(options, logger)
    const producerGroup = options.producerGroup ?? DEFAULT_PRODUCER_GROUP
    this.producer = this.#connection.clients.producer({ ...this.#connection.options, producerGroup })
    this.consumers = new Map(
      plans.map((plan) => [plan.group, createGroupConsumer(this.#connection, plan, options)]),
    )
  }

  /** Waits for a name server and starts the producer, for replies and for `context.getProducer()`. */
  connect(): Promise<void> {
    this.#connecting ??= this.#connect()
    return this.#connecting
  }

  /** Starts the consumers, once. */
  pull(): Promise<void> {
    this.#pulling ??= this.#pull()
    return this.#pulling
  }

  pause(): void {
    this.#paused = true
    this.#suspend('paused')
  }

  resume(): void {
    this.#paused = false
    if (this.#stopping !== undefined || this.#pulling === undefined) return
    for (const consumer of this.consumers.values()) consumer.resume()
    this.#status$.next('connected')
  }

  /** No new message to handlers from here on; running ones go on. */
  drain(): void {
    this.#suspend('draining')
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  #suspend(status: RocketMQServerStatus): void {
    if (this.#stopping !== undefined) return
    if (this.#pulling !== undefined) for (const consumer of this.consumers.values()) consumer.suspend()
    this.#status$.next(status)
  }

  async #connect(): Promise<void> {
    this.#status$.next('connecting')
    await waitForNameServer(this.#connection, this.#options, () => this.#stopping !== undefined)
    await this.producer.start()
    this.#status$.next('connected')
  }

  async #pull(): Promise<void> {
    await this.#connecting
    const starts = this.#plans.map(async (plan) => {
      const consumer = this.consumers.get(plan.group)
      if (consumer === undefined || this.#stopping !== undefined) return
      await this.#start(consumer, plan)
    })
    await Promise.all(starts)
    if (this.#paused) this.pause()
  }

  /**
   * With `connectAttempts: 0` nobody waits for a name server: a consumer without one starts when it is there.
   */
  async #start(consumer: NativeConsumer, plan: GroupPlan): Promise<void> {
    try {
      await startGroupConsumer(consumer, plan, this.#handle)
    } catch (error) {
      if (this.#options.connectAttempts !== 0 || !isMqError(error, 'NAME_SERVER_UNREACHABLE')) throw error
      this.#lateStarts.push(this.#startLater(consumer, plan))
    }
  }

  /** Never rejects: who started the server has gone on. */
  async #startLater(consumer: NativeConsumer, plan: GroupPlan): Promise<void> {
    while (this.#stopping === undefined) {
      await this.#pause(START_RETRY_MS)
      if (this.#stopping !== undefined) return
      try {
        return await startGroupConsumer(consumer, plan, this.#handle)
      } catch (error) {
        if (isMqError(error, 'NAME_SERVER_UNREACHABLE')) continue
        this.#connection.env.log.error('nestjs.consumer.notStarted', { group: plan.group, error })
        return
      }
    }
  }

  /** Over after `pauseMs`, or as soon as the server stops. */
  #pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel()
        this.#pauses.delete(end)
        resolve()
      }
      const cancel = this.#connection.env.clock.after(pauseMs, end)
      this.#pauses.add(end)
    })
  }

  /** All groups drain at the same time: the longest one decides how long it takes. */
  async #stop(): Promise<void> {
    this.#status$.next('draining')
    for (const end of [...this.#pauses]) end()
    await Promise.all(this.#lateStarts)
    // Their failures were told to whoever started them.
    await Promise.allSettled([this.#connecting, this.#pulling])
    const timeoutMs = this.#options.shutdownTimeoutMs ?? SHUTDOWN_TIMEOUT_MS
    if (this.#pulling !== undefined) {
      await Promise.all([...this.consumers.values()].map((consumer) => consumer.shutdown({ timeoutMs })))
    }
    if (this.#connecting !== undefined) await this.producer.shutdown()
  }
}
