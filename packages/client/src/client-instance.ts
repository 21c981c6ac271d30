import type { Env } from '@rockhopper/env'
import { createNodeEnv } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import type { ConsumerData, HeartbeatData } from '@rockhopper/remoting'
import { type ClientApi, createClientApi } from './api/client-api.js'
import { NameServers } from './api/name-servers.js'
import { RouteCache } from './api/route-cache.js'
import { Background } from './background.js'
import { brokerCallHandlers, type ConsumerMember, type ProducerMember } from './broker-calls.js'
import { ClientHooks } from './client-hook.js'
import { clientIdOf } from './client-id.js'
import type { ClientOptions } from './client-options.js'
import { Periodic } from './periodic.js'
import { jittered, settledWithin, wait } from './wait.js'

/** How long a stopping client waits for the brokers' answers to its farewell. */
const FAREWELL_MS = 3_000
/**
 * Pause before a lost broker hears from us again; the first reconnect is the pull loops' or senders'
 * business.
 */
const RECONNECT_MS = 1_000

/**
 * What one client id has at brokers (Apache: MQClientInstance): connections, routes, heartbeats, and the
 * groups that brokers may call. Each producer and consumer has its own.
 */
export class ClientInstance {
  readonly env: Env
  readonly clientId: string
  readonly api: ClientApi
  readonly nameServers: NameServers
  readonly routes: RouteCache
  readonly background: Background
  readonly hooks: ClientHooks
  readonly #heartbeats: Periodic
  readonly #heartbeatIntervalMs: number
  readonly #producers = new Map<string, ProducerMember>()
  readonly #consumers = new Map<string, ConsumerMember>()
  /** Brokers that answered a heartbeat and whose connection was not seen to fail since. */
  readonly #greeted = new Set<string>()
  /** Heartbeats of `greet` under way: the pull loops of all queues of a broker share one. */
  readonly #greeting = new Map<string, Promise<boolean>>()
  readonly #stopping = new AbortController()
  #state: 'made' | 'started' | 'stopped' = 'made'

  /** Throws MqError ADDRESS_ILLEGAL for name server addresses that cannot be read. Opens nothing. */
  constructor(options: ClientOptions) {
    const env = options.env ?? createNodeEnv()
    this.env = env
    this.clientId = clientIdOf(options, env.host, env.clock.now())
    this.background = new Background(env.log)
    this.hooks = new ClientHooks(env.log, options.hooks ?? [])
    this.api = createClientApi({
      env,
      timeoutMs: options.requestTimeoutMs ?? 3_000,
      connectTimeoutMs: options.connectTimeoutMs ?? 3_000,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.acl === undefined ? {} : { acl: options.acl }),
      onConnectionClosed: (address) => this.#connectionClosed(address),
      handlers: brokerCallHandlers({
        env,
        clientId: this.clientId,
        background: this.background,
        producers: this.#producers,
        consumers: this.#consumers,
      }),
    })
    this.nameServers = new NameServers(options.namesrvAddr, this.api.commands, env.log)
    this.routes = new RouteCache({
      nameServers: this.nameServers,
      clock: env.clock,
      log: env.log,
      pollIntervalMs: options.pollNameServerIntervalMs ?? 30_000,
      zoneName: options.zoneName,
    })
    this.#heartbeats = new Periodic({
      name: 'heartbeat',
      clock: env.clock,
      log: env.log,
      intervalMs: options.heartbeatBrokerIntervalMs ?? 30_000,
      run: () => this.heartbeat(),
    })
    this.#heartbeatIntervalMs = options.heartbeatBrokerIntervalMs ?? 30_000
    this.routes.onChange(() => this.background.run('heartbeat to new brokers', () => this.#greetNew()))
  }

  get started(): boolean {
    return this.#state === 'started'
  }

  /** Throws MqError ALREADY_STARTED or CLOSED. */
  assertStartable(): void {
    if (this.#state === 'started')
      throw new MqError('ALREADY_STARTED', `Starting client ${this.clientId} again`)
    if (this.#state === 'stopped')
      throw new MqError('CLOSED', `Starting client ${this.clientId} after its shutdown`)
  }

  /** Throws MqError ALREADY_STARTED or CLOSED. */
  start(): void {
    this.assertStartable()
    this.#state = 'started'
    this.routes.start()
    this.#heartbeats.start(this.#heartbeatIntervalMs)
  }

  /** Throws MqError NOT_STARTED or CLOSED, saying what was attempted. */
  assertStarted(attempted: string): void {
    if (this.#state === 'made') throw new MqError('NOT_STARTED', attempted)
    if (this.#state === 'stopped') throw new MqError('CLOSED', attempted)
  }

  addProducer(member: ProducerMember): void {
    this.#producers.set(member.group, member)
  }

  addConsumer(member: ConsumerMember): void {
    this.#consumers.set(member.group, member)
  }

  /** Leaves a group again, also at brokers whose answer to a heartbeat is under way. Never rejects. */
  async removeConsumer(member: ConsumerMember): Promise<void> {
    const addresses = this.#brokers()
    this.#consumers.delete(member.group)
    const leaving = this.#unregister(addresses, [{ consumerGroup: member.group }])
    await settledWithin(this.env.clock, leaving, FAREWELL_MS)
  }

  /**
   * Tells every broker of known routes who is here. Never rejects: a broker that does not answer is tried
   * again.
   */
  async heartbeat(): Promise<void> {
    await Promise.all(this.#brokers().map((address) => this.#greet(address)))
  }

  /**
   * Sends a heartbeat unless this broker has had one over a connection that, as far as known, still lives.
   */
  async greet(address: string): Promise<boolean> {
    if (this.#greeted.has(address)) return true
    const running = this.#greeting.get(address)
    if (running !== undefined) return running
    const greeting = this.#greet(address).finally(() => this.#greeting.delete(address))
    this.#greeting.set(address, greeting)
    return greeting
  }

  /** The broker does not know us, or no longer: the next `greet` sends a heartbeat. */
  lost(address: string): void {
    this.#greeted.delete(address)
  }

  /** Leaves the groups at all brokers, closes the connections. Never rejects. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return
    const wasStarted = this.#state === 'started'
    this.#state = 'stopped'
    this.#stopping.abort()
    await Promise.all([this.#heartbeats.stop(), this.routes.stop()])
    if (wasStarted) await settledWithin(this.env.clock, this.#farewell(), FAREWELL_MS)
    await this.api.close()
    await this.background.ended()
  }

  /**
   * The broker forgets a client with its connection: consumers and requests need it back before the next
   * heartbeat.
   */
  #connectionClosed(address: string): void {
    for (const consumer of this.#consumers.values()) consumer.connectionClosed(address)
    if (!this.#greeted.delete(address)) return
    this.#tellLost(address)
    this.background.run('heartbeat after a lost connection', async () => {
      await wait(this.env.clock, jittered(this.env.random, RECONNECT_MS), this.#stopping.signal)
      if (this.#brokers().includes(address)) await this.greet(address)
    })
  }

  #tellLost(address: string): void {
    if (this.#state === 'started') this.hooks.tell((hook) => hook.brokerLost?.(address))
  }

  async #farewell(): Promise<void> {
    const groups = [
      ...[...this.#producers.keys()].map((producerGroup) => ({ producerGroup })),
      ...[...this.#consumers.keys()].map((consumerGroup) => ({ consumerGroup })),
    ]
    await this.#unregister([...this.#greeted], groups)
  }

  async #unregister(
    addresses: readonly string[],
    groups: readonly ({ readonly producerGroup: string } | { readonly consumerGroup: string })[],
  ): Promise<void> {
    const leaving = addresses.flatMap((address) =>
      groups.map(async (group) => {
        try {
          await this.api.unregisterClient(address, { clientID: this.clientId, ...group })
        } catch (error) {
          if (!(error instanceof MqError)) throw error
          this.env.log.info('client.unregister.failed', { address, ...group, error })
        }
      }),
    )
    await Promise.all(leaving)
  }

  async #greetNew(): Promise<void> {
    const unknown = this.#brokers().filter((address) => !this.#greeted.has(address))
    await Promise.all(unknown.map((address) => this.#greet(address)))
  }

  /** Slaves only hear from consumers: they serve nobody else (Apache: sendHeartbeatToAllBroker). */
  #brokers(): string[] {
    return this.#state === 'started' ? this.routes.addresses(this.#consumers.size > 0) : []
  }

  async #greet(address: string): Promise<boolean> {
    try {
      await this.api.heartbeat(address, this.#heartbeatData())
      const isNew = !this.#greeted.has(address)
      this.#greeted.add(address)
      if (isNew) this.hooks.tell((hook) => hook.brokerFound?.(address))
      return true
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      if (this.#greeted.delete(address)) this.#tellLost(address)
      if (this.#state === 'started') this.env.log.warn('client.heartbeat.failed', { address, error })
      return false
    }
  }

  #heartbeatData(): HeartbeatData {
    const consumers: ConsumerData[] = [...this.#consumers.values()].map((member) => member.heartbeat())
    return {
      clientID: this.clientId,
      producerDataSet: [...this.#producers.keys()].map((groupName) => ({ groupName })),
      consumerDataSet: consumers,
      heartbeatFingerprint: 0,
      withoutSub: false,
    }
  }
}
