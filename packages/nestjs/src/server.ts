import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import {
  type BaseRpcContext,
  type CustomTransportStrategy,
  type MessageHandler,
  type ReadPacket,
  Server,
  type Transport,
  type WritePacket,
} from '@nestjs/microservices'
import type { MessageView } from '@rockhopper/client'
import { Deadlines } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import type { Observable } from 'rxjs'
import type { BodyCodec } from './codec.js'
import type { RocketMQContext } from './context.js'
import { type Arrival, type DeliveryPort, deliver } from './delivery.js'
import { type RocketMQServerEvents, reportFailure } from './delivery-failure.js'
import { handlerEnd } from './handler-end.js'
import { instrumentedDelivery } from './instrumentation.js'
import { Listeners } from './listeners.js'
import type { NativeAdmin, NativeConsumer, NativeProducer } from './native.js'
import type { RocketMQServerOptions } from './options.js'
import { keepFlattenedErrors } from './original-error.js'
import { parsePattern } from './pattern.js'
import { type Reply, replyMessage } from './reply.js'
import { runReplies } from './reply-stream.js'
import { findRoute, planGroups, type Registration, type Route } from './routes.js'
import { type GroupState, type RocketMQServerStatus, ServerRun } from './server-run.js'
import { ROCKETMQ_TRANSPORT } from './transport.js'
import { errorText, type Verdict } from './verdict.js'

/** The native clients behind a server. */
export interface UnwrappedServer {
  readonly producer: NativeProducer
  /** By consumer group. */
  readonly consumers: ReadonlyMap<string, NativeConsumer>
  readonly admin: NativeAdmin
}

/** Who keeps the server from pulling: the application before its bootstrap ended, or `autoStart: false`. */
export type HoldReason = 'bootstrap' | 'module' | 'autoStart'

/**
 * RocketMQ as a strategy: `app.connectMicroservice({ strategy: new ServerRocketMQ(options) })`, or
 * `connectRocketMQ(app)`. One push consumer per consumer group, subscribed to all topics of the group's
 * handlers. A message is acknowledged after its handler ended; a thrown error makes the broker deliver it
 * again and, at the limit, puts it into `%DLQ%group`.
 */
export class ServerRocketMQ
  extends Server<RocketMQServerEvents, RocketMQServerStatus>
  implements CustomTransportStrategy, OnApplicationBootstrap, OnModuleDestroy
{
  override transportId: Transport | symbol = ROCKETMQ_TRANSPORT
  protected override readonly logger = new Logger(ServerRocketMQ.name)
  /** Failures reach the consumer here, and are logged with message id, group and attempt. */
  override readonly propagatesEventHandlerErrors = true
  readonly #options: RocketMQServerOptions
  readonly #registrations: Registration[] = []
  readonly #listeners = new Listeners<RocketMQServerEvents>((error) => this.logger.error(error))
  readonly #holds = new Set<HoldReason>()
  /** The default, which `decode` goes around: no packet has to be made for it. */
  readonly #plainBodies = {
    deserialize: (body: Buffer, hint: Record<string, unknown> = {}) => {
      return { pattern: hint['channel'], data: (hint['codec'] as BodyCodec).decode(body) }
    },
  }
  #run: ServerRun | undefined
  #port: DeliveryPort | undefined
  /** Without Nest's processing hooks a message needs no wrapping for them. */
  #isHooked = false
  #closing: Promise<void> | undefined

  constructor(options: RocketMQServerOptions = {}) {
    super()
    this.#options = options
    if (options.autoStart === false) this.#holds.add('autoStart')
    // Through Nest's own methods, which a subclass may override, as of any other server.
    this.initializeSerializer({ serializer: options.serializer ?? codecSerializer })
    this.initializeDeserializer({ deserializer: options.deserializer ?? this.#plainBodies })
  }

  /**
   * Connects, and begins to pull unless somebody holds it back. Calls back once: with nothing, or with the
   * error.
   */
  override async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      await this.#listen()
    } catch (error) {
      this._status$.next('disconnected')
      callback(error)
      return
    }
    callback()
  }

  /**
   * Stops pulling, waits up to `shutdownTimeoutMs` for running handlers, acknowledges what ended, leaves the
   * groups. What is still running then is delivered again. May be called twice, before `listen`, and with a
   * signal's name.
   */
  override close(_signal?: string): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /**
   * Keeps the server from pulling until `release` with the same reason. No effect on what was pulled already.
   */
  hold(reason: HoldReason): void {
    this.#holds.add(reason)
  }

  /**
   * Ends a hold; the last one of a listening server begins the pulling. Rejects when a consumer cannot start.
   */
  async release(reason: HoldReason): Promise<void> {
    this.#holds.delete(reason)
    if (this.#holds.size === 0) await this.#run?.pull()
  }

  /** Hands no new message to handlers, of all groups or of one, until `resume`; the queues stay assigned. */
  pause(group?: string): void {
    this.#run?.pause(group)
  }

  /** Ends `pause`, and the hold of `autoStart: false`, of the server or of this group. */
  async resume(group?: string): Promise<void> {
    if (group === undefined) await this.release('autoStart')
    await this.#run?.resume(group)
  }

  /** The last value of `status`; undefined before `listen`. */
  currentStatus(): RocketMQServerStatus | undefined {
    let last: RocketMQServerStatus | undefined
    this.status
      .subscribe((status) => {
        last = status
      })
      .unsubscribe()
    return last
  }

  /** The groups of the handlers and what each consumer does. Empty before `listen`. */
  groups(): readonly GroupState[] {
    return this.#run?.groups() ?? []
  }

  /** Called by Nest when this server is a provider. All `onModuleInit` hooks ended before it. */
  onApplicationBootstrap(): Promise<void> {
    return this.release('module')
  }

  /** Called by Nest when this server is a provider: no new work while the application goes down. */
  onModuleDestroy(): void {
    this.#run?.drain()
  }

  /** May be called before `listen`. */
  override on<Name extends keyof RocketMQServerEvents, Listener extends RocketMQServerEvents[Name]>(
    event: Name,
    listener: Listener,
  ): this {
    this.#listeners.add(event, listener)
    return this
  }

  /** `{ producer, consumers, admin }`, consumers by group. @throws before `listen`. */
  override unwrap<T = UnwrappedServer>(): T {
    const { producer, consumers, admin } = this.#started('unwrapping ServerRocketMQ')
    return { producer, consumers, admin } as T
  }

  /**
   * Handlers are checked in `listen`, when all of them are known. Event handlers of one pattern stay apart.
   */
  override addHandler(
    pattern: unknown,
    handler: MessageHandler,
    isEvent = false,
    extras: Record<string, unknown> = {},
  ): void {
    handler.isEventHandler = isEvent
    handler.extras = extras
    this.#registrations.push({ pattern, handler, isEvent, extras })
    // For Nest's own tools, which read this map; deliveries go by the plan of their group.
    const key = pattern instanceof RegExp ? String(pattern) : this.normalizePattern(pattern as string)
    if (!this.messageHandlers.has(key)) this.messageHandlers.set(key, handler)
  }

  /** The handler of a plain message: one that names the tag before one that takes every tag. */
  override getHandlerByPattern(pattern: string): MessageHandler | null {
    return this.#routeOf(pattern)?.handler ?? null
  }

  /** Gives data to the event handler of a pattern and waits for its end; for tests without a broker. */
  override async handleEvent(pattern: string, packet: ReadPacket, context: BaseRpcContext): Promise<void> {
    const route = this.#routeOf(pattern)
    if (route === undefined) throw new MqError('ARGUMENT_ILLEGAL', `no handler for '${pattern}'`)
    const data = route.extras.batch === undefined ? packet.data : [packet.data]
    await this.#runHandler(route.handler, data, context)
  }

  /**
   * Gives a message to the handler of one of the groups as if it had been pulled, and tells what would become
   * of it. After `listen`. @throws when no group, or none of this name, takes the message.
   */
  async deliver(message: MessageView, group?: string): Promise<Verdict> {
    const { consumers } = this.#started('delivering a message')
    const plan = planGroups(this.#registrations, this.#options).find((one) => {
      const isWanted = group === undefined || one.group === group
      return isWanted && findRoute(one.routes, message.topic, message.tag, false) !== undefined
    })
    const consumer = plan === undefined ? undefined : consumers.get(plan.group)
    if (plan === undefined || consumer === undefined)
      throw new MqError('ARGUMENT_ILLEGAL', `no handler for a message of '${message.topic}'`)
    const { signal } = new AbortController()
    return new Promise((end) => this.#handle({ message, plan, consumer, signal, end }))
  }

  #routeOf(pattern: string): Route | undefined {
    const { topic, tags } = parsePattern(pattern)
    const routes = planGroups(this.#registrations, this.#options).flatMap((plan) => plan.routes)
    return findRoute(routes, topic, tags[0], false)
  }

  async #listen(): Promise<void> {
    if (this.#closing !== undefined) throw new MqError('CLOSED', 'listening with ServerRocketMQ')
    if (this.#run !== undefined) throw new MqError('ALREADY_STARTED', 'listening with ServerRocketMQ')
    keepFlattenedErrors()
    const plans = planGroups(this.#registrations, this.#options)
    this.#run = new ServerRun(this.#options, plans, {
      logger: this.logger,
      status$: this._status$,
      listeners: this.#listeners,
      handle: (arrival) => this.#handle(arrival),
      runBatch: (route, data, context) => this.#runHandler(route.handler, data, context),
    })
    this.#port = this.#portOf(this.#run)
    try {
      await this.#run.connect()
      if (this.#holds.size === 0) await this.#run.pull()
    } catch (error) {
      const failed = this.#run
      this.#run = undefined
      await failed.stop()
      throw error
    }
  }

  async #close(): Promise<void> {
    await this.#run?.stop()
    this._status$.next('closed')
  }

  #handle(arrival: Arrival): void {
    const { message, plan, consumer } = arrival
    const port = this.#port
    if (port === undefined) throw new MqError('NOT_STARTED', 'delivering a message before listen()')
    const { instrumentation } = this.#options
    const isTimed = this.#listeners.has('handled')
    if (instrumentation === undefined && !isTimed) return deliver(port, arrival)
    const since = port.clock.monotonic()
    const ended = (verdict: Verdict): void => {
      const ms = port.clock.monotonic() - since
      this.#listeners.tell('handled', { topic: message.topic, group: plan.group, ms })
      arrival.end(verdict)
    }
    const inner = (end: (verdict: Verdict) => void): Arrival => {
      return {
        message,
        plan,
        consumer,
        end,
        get signal() {
          return arrival.signal
        },
      }
    }
    const work = () => new Promise<Verdict>((end) => deliver(port, inner(end)))
    instrumentedDelivery(instrumentation, { message, group: plan.group }, work).then(ended, (error) => {
      arrival.end({ kind: 'retry', reason: errorText(error) })
    })
  }

  #started(attempted: string): ServerRun {
    if (this.#run === undefined) throw new MqError('NOT_STARTED', `${attempted} before listen()`)
    return this.#run
  }

  #portOf(run: ServerRun): DeliveryPort {
    return {
      options: this.#options,
      producer: run.producer,
      clock: run.env.clock,
      batches: run.batches,
      deadlines: new Deadlines(run.env.clock),
      turn: (route) => run.turn(route),
      decode: (message, { codec }) => {
        if (this.deserializer === this.#plainBodies) return codec.decode(message.body)
        const hint = { channel: message.topic, message, codec }
        const packet: unknown = this.deserializer.deserialize(message.body, hint)
        return packet instanceof Promise ? packet.then(dataOf) : dataOf(packet)
      },
      runEvent: ({ handler }, data, context) =>
        this.#isHooked ? this.#runHandler(handler, data, context) : handler(data, context),
      runRequest: (route, data, context, next) => this.#runRequest(route, data, context, next),
      report: (arrival, verdict) => reportFailure(this.logger, this.#listeners, arrival, verdict),
      reply: (request, reply, { codec }) => this.#reply(run.producer, request, reply, codec),
    }
  }

  #runHandler(handler: MessageHandler, data: unknown, context: BaseRpcContext): Promise<unknown> {
    return this.#betweenHooks(context, () => handlerEnd(handler, data, context))
  }

  #runRequest(
    route: Route,
    data: unknown,
    context: RocketMQContext,
    next?: (value: unknown) => Promise<void>,
  ): Promise<WritePacket> {
    return this.#betweenHooks(context, async () => {
      const response$: Observable<unknown> = this.transformToObservable(route.handler(data, context))
      return runReplies((stream$, respond) => this.send(stream$, respond), response$, next)
    })
  }

  async #reply(
    producer: NativeProducer,
    request: MessageView,
    reply: Reply,
    codec: BodyCodec,
  ): Promise<void> {
    const { kind, value } = reply
    try {
      const body: Uint8Array | string =
        kind === 'empty'
          ? ''
          : kind === 'error'
            ? JSON.stringify(value)
            : await this.serializer.serialize(value as never, { codec })
      await producer.send(replyMessage(request, reply, body))
    } catch (error) {
      this.logger.warn({
        message: 'reply not delivered',
        messageId: request.messageId,
        topic: request.topic,
        reason: errorText(error),
      })
    }
  }

  override setOnProcessingStartHook(...hook: Parameters<Server['setOnProcessingStartHook']>): void {
    this.#isHooked = true
    super.setOnProcessingStartHook(...hook)
  }

  override setOnProcessingEndHook(...hook: Parameters<Server['setOnProcessingEndHook']>): void {
    this.#isHooked = true
    super.setOnProcessingEndHook(...hook)
  }

  /** Nest's processing hooks around `work`; the end hook runs once, also after a failure. */
  #betweenHooks<T>(context: BaseRpcContext, work: () => Promise<T>): Promise<T> {
    if (!this.#isHooked) return work()
    return new Promise<T>((resolve, reject) => {
      const run = async (endHook: () => void): Promise<void> => {
        try {
          resolve(await work())
        } catch (error) {
          reject(error)
        } finally {
          endHook()
        }
      }
      // Nest 11 has the hooks, but not this method.
      const started: unknown =
        typeof Server.prototype['runWithProcessingHooks'] === 'function'
          ? this.runWithProcessingHooks(context, run)
          : this.onProcessingStartHook(this.transportId, context, () => {
              return run(() => this.onProcessingEndHook?.(this.transportId, context))
            })
      Promise.resolve(started).catch(reject)
    })
  }
}

const codecSerializer = {
  serialize: (value: unknown, hint: Record<string, unknown> = {}) =>
    (hint['codec'] as BodyCodec).encode(value),
}

const dataOf = (packet: unknown): unknown => (packet as ReadPacket).data
