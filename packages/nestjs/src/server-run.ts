import type { LoggerService } from '@nestjs/common'
import type { Env } from '@rockhopper/env'
import type { Subject } from 'rxjs'
import { BatchCollector, type RunBatch } from './batch-collector.js'
import { type Connection, openConnection, waitForNameServer } from './connection.js'
import { afterFailure } from './delivery.js'
import type { RocketMQServerEvents } from './delivery-failure.js'
import type { HandleMessage } from './group-consumer.js'
import { GroupRun } from './group-run.js'
import { type LinkEvents, LinkWatch } from './link-watch.js'
import type { Listeners } from './listeners.js'
import type { NativeAdmin, NativeConsumer, NativeProducer } from './native.js'
import { DEFAULT_PRODUCER_GROUP, type RocketMQServerOptions } from './options.js'
import { RateLimit } from './rate-limit.js'
import type { GroupPlan, Route } from './routes.js'
import { TopicDiscovery } from './topic-discovery.js'

export type RocketMQServerStatus =
  | 'connecting'
  | 'connected'
  | 'disconnected'
  | 'reconnecting'
  | 'rebalancing'
  | 'paused'
  | 'draining'
  | 'closed'

/** What a group's consumer does: waits to be started, hands out messages, is paused, has ended. */
export interface GroupState {
  readonly group: string
  readonly state: 'held' | 'starting' | 'running' | 'paused' | 'stopped'
  readonly topics: readonly string[]
  /** Handler calls that run now. */
  readonly running: number
  /** Ms without an answer to a pull, of the queue that waited longest; undefined without queues or paused. */
  readonly sinceLastPollMs: number | undefined
}

export interface ServerRunParts {
  readonly logger: LoggerService
  readonly status$: Subject<RocketMQServerStatus>
  readonly listeners: Listeners<RocketMQServerEvents>
  readonly handle: HandleMessage
  readonly runBatch: RunBatch
}

const SHUTDOWN_TIMEOUT_MS = 10_000

/** One life of a server, from `listen` to `close`: its producer and the consumers of its groups. */
export class ServerRun {
  readonly env: Env
  readonly producer: NativeProducer
  readonly admin: NativeAdmin
  readonly batches: BatchCollector
  readonly #options: RocketMQServerOptions
  readonly #connection: Connection
  readonly #parts: ServerRunParts
  readonly #groups: readonly GroupRun[]
  readonly #discovery: TopicDiscovery
  readonly #limits = new Map<Route, RateLimit>()
  readonly #links: LinkWatch
  #connecting: Promise<void> | undefined
  #pulling: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #paused = false
  /** Status tells of links from the first `connected` on. */
  #isConnected = false
  #linked = true

  constructor(options: RocketMQServerOptions, plans: readonly GroupPlan[], parts: ServerRunParts) {
    this.#options = options
    this.#parts = parts
    this.#connection = openConnection(options, parts.logger)
    this.env = this.#connection.env
    this.#links = new LinkWatch(this.#linkEvents())
    const { clients } = this.#connection
    const producerGroup = options.producerGroup ?? DEFAULT_PRODUCER_GROUP
    this.producer = clients.producer({ ...this.#watched(producerGroup).options, producerGroup })
    this.admin = clients.admin(this.#connection.options)
    this.batches = new BatchCollector(this.env.clock, parts.runBatch, (route, item, error, original) => {
      return afterFailure(options, route, item.context, error, original)
    })
    this.#groups = plans.map((plan) => {
      return new GroupRun(this.#watched(plan.group), plan, options, parts.handle)
    })
    this.#discovery = new TopicDiscovery(this.env, this.admin, this.#groups, options.topicRefreshMs)
    for (const { routes } of plans) {
      for (const route of routes) {
        const { rateLimit } = route.extras
        if (rateLimit !== undefined) this.#limits.set(route, new RateLimit(this.env.clock, rateLimit))
      }
    }
  }

  get consumers(): ReadonlyMap<string, NativeConsumer> {
    return new Map(this.#groups.map(({ plan, consumer }) => [plan.group, consumer]))
  }

  groups(): readonly GroupState[] {
    return this.#groups.map((group) => ({
      group: group.plan.group,
      state: group.state,
      topics: group.topics,
      running: group.running,
      sinceLastPollMs: group.consumer.sinceLastPoll?.(),
    }))
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

  /** Resolves when the handler's rate limit lets it begin; undefined when it has none. */
  turn(route: Route): Promise<void> | undefined {
    return this.#limits.get(route)?.turn()
  }

  pause(group?: string): void {
    if (this.#stopping !== undefined) return
    for (const one of this.#named(group)) one.pause()
    if (group !== undefined) return
    this.#paused = true
    this.#parts.status$.next('paused')
  }

  async resume(group?: string): Promise<void> {
    if (this.#stopping !== undefined || this.#pulling === undefined) return
    await Promise.all(this.#named(group).map((one) => one.resume(group !== undefined)))
    if (group !== undefined || !this.#paused) return
    this.#paused = false
    this.#parts.status$.next(this.#links.state)
  }

  /** No new message to handlers from here on; running ones go on, and batches wait for no more. */
  drain(): void {
    if (this.#stopping !== undefined) return
    for (const group of this.#groups) group.pause()
    this.batches.flush()
    this.#parts.status$.next('draining')
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  #named(group: string | undefined): readonly GroupRun[] {
    return group === undefined ? this.#groups : this.#groups.filter(({ plan }) => plan.group === group)
  }

  #watched(owner: string): Connection {
    const { options } = this.#connection
    return { ...this.#connection, options: { ...options, hooks: [this.#links.hook(owner)] } }
  }

  #linkEvents(): LinkEvents {
    const { logger, listeners, status$ } = this.#parts
    return {
      changed: (state) => {
        if (!this.#isConnected || this.#stopping !== undefined) return
        if (state === 'reconnecting' && this.#linked) status$.next('disconnected')
        this.#linked = state !== 'reconnecting'
        if (state === 'reconnecting' || !this.#paused) status$.next(state)
        else status$.next('paused')
      },
      lost: (owner, address) => {
        logger.warn({ message: 'connection to a broker lost, it is tried again', owner, address })
        listeners.tell('connectionLost', { owner, address })
      },
      found: (owner, address) => {
        logger.log({ message: 'connection to a broker restored', owner, address })
        listeners.tell('connectionRestored', { owner, address })
      },
      rebalancing: (change) => listeners.tell('rebalancing', change),
    }
  }

  async #connect(): Promise<void> {
    const { status$ } = this.#parts
    status$.next('connecting')
    await waitForNameServer(this.#connection, this.#options, () => this.#stopping !== undefined)
    await this.producer.start()
    await this.admin.start()
    this.#isConnected = true
    if (this.#stopping === undefined) status$.next('connected')
  }

  async #pull(): Promise<void> {
    await this.#connecting
    if (this.#stopping !== undefined) return
    await this.#discovery.start()
    await Promise.all(this.#groups.map((group) => group.start()))
    if (this.#paused) this.pause()
  }

  /** All groups drain at the same time: the longest one decides how long it takes. */
  async #stop(): Promise<void> {
    this.#parts.status$.next('draining')
    this.batches.flush()
    for (const group of this.#groups) group.cancelStart()
    // Their failures were told to whoever started them.
    await Promise.allSettled([this.#connecting, this.#pulling])
    await this.#discovery.stop()
    const timeoutMs = this.#options.shutdownTimeoutMs ?? SHUTDOWN_TIMEOUT_MS
    await Promise.all(this.#groups.map((group) => group.stop(timeoutMs)))
    if (this.#connecting === undefined) return
    await this.producer.shutdown()
    await this.admin.shutdown()
  }
}
