import type { Clock, Log } from '@rockhopper/env'
import { isMqError, MqError, SystemTopic } from '@rockhopper/message'
import { ResponseCode, TopicRouteData } from '@rockhopper/remoting'
import { Periodic } from '../periodic.js'
import { refusedBy } from './commands.js'
import type { NameServers } from './name-servers.js'
import { MASTER_ID, routeForNewTopic, type TopicRoute, topicRouteOf } from './topic-route.js'

export interface RouteCacheOptions {
  readonly nameServers: NameServers
  readonly clock: Clock
  readonly log: Log
  /** Default 30,000 ms. */
  readonly pollIntervalMs?: number
  /** Only brokers of this zone. Default: all. */
  readonly zoneName?: string | undefined
}

/**
 * Routes of the topics that were asked for, refreshed every 30 s. A refresh that fails, or says that the
 * topic is unknown, keeps what is cached: name servers come back empty before the brokers have registered
 * again.
 */
export class RouteCache {
  readonly #nameServers: NameServers
  readonly #log: Log
  readonly #poll: Periodic
  readonly #pollIntervalMs: number
  readonly #zone: { readonly __ZONE_NAME?: string; readonly __ZONE_MODE?: boolean }
  readonly #routes = new Map<string, TopicRoute>()
  /** The name server's answers, to tell a change. */
  readonly #bodies = new Map<string, Buffer>()
  readonly #asking = new Map<string, Promise<TopicRoute | undefined>>()
  readonly #listeners = new Set<() => void>()
  /** Broker name to id to address, over all cached routes. Made when first needed after a change. */
  #brokers: Map<string, ReadonlyMap<number, string>> | undefined

  constructor(options: RouteCacheOptions) {
    const { nameServers, clock, log, pollIntervalMs = 30_000, zoneName } = options
    this.#nameServers = nameServers
    this.#log = log
    this.#poll = new Periodic({
      name: 'routes',
      clock,
      log,
      intervalMs: pollIntervalMs,
      run: () => this.refresh(),
    })
    this.#pollIntervalMs = pollIntervalMs
    this.#zone = zoneName === undefined ? {} : { __ZONE_NAME: zoneName, __ZONE_MODE: true }
  }

  start(): void {
    this.#poll.start(this.#pollIntervalMs)
  }

  async stop(): Promise<void> {
    await this.#poll.stop()
  }

  /** Runs after a route or a broker address changed. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** What is cached. */
  get(topic: string): TopicRoute | undefined {
    return this.#routes.get(topic)
  }

  /**
   * The cached route, else the name server's. Undefined when the topic is unknown there. Rejects with
   * NAME_SERVER_UNREACHABLE when nothing is cached and nobody answers.
   */
  find(topic: string): Promise<TopicRoute | undefined> {
    const cached = this.#routes.get(topic)
    return cached === undefined ? this.fetch(topic) : Promise.resolve(cached)
  }

  /**
   * Asks the name server; calls at the same time share one question. What is cached stays when it does not
   * know.
   */
  fetch(topic: string): Promise<TopicRoute | undefined> {
    const running = this.#asking.get(topic)
    if (running !== undefined) return running
    const asking = this.#ask(topic).finally(() => this.#asking.delete(topic))
    this.#asking.set(topic, asking)
    return asking
  }

  /**
   * As `find`, but for a topic that the next send will create: the route of `template`, under the topic's
   * name.
   */
  async findForSend(topic: string, template: string, queueNums: number): Promise<TopicRoute> {
    const known = await this.find(topic)
    if (known !== undefined) return known
    const route = await this.find(template)
    if (route === undefined) throw this.#noRoute(topic)
    return routeForNewTopic(topic, route.data, queueNums)
  }

  /** As `find`. Rejects with ROUTE_NOT_FOUND instead of resolving undefined. */
  async require(topic: string): Promise<TopicRoute> {
    const route = await this.find(topic)
    if (route === undefined) throw this.#noRoute(topic)
    return route
  }

  /** Asks for all cached routes again. Never rejects. */
  async refresh(): Promise<void> {
    for (const topic of [...this.#routes.keys()]) {
      try {
        await this.fetch(topic)
      } catch (error) {
        if (!(error instanceof MqError)) throw error
        this.#log.warn('client.route.notRefreshed', { topic, error })
        if (isMqError(error, 'NAME_SERVER_UNREACHABLE')) return
      }
    }
  }

  masterAddress(brokerName: string): string | undefined {
    return this.brokerAddress(brokerName, MASTER_ID)
  }

  brokerAddress(brokerName: string, brokerId: number): string | undefined {
    return this.#brokerTable().get(brokerName)?.get(brokerId)
  }

  /** Names of the brokers whose master is at this address. */
  masterNamesAt(address: string): string[] {
    const rows = [...this.#brokerTable()].filter(([, addresses]) => addresses.get(MASTER_ID) === address)
    return rows.map(([brokerName]) => brokerName)
  }

  /** As `masterAddress`. Throws BROKER_NOT_FOUND instead of returning undefined. */
  requireMaster(brokerName: string): string {
    const address = this.masterAddress(brokerName)
    if (address !== undefined) return address
    throw new MqError(
      'BROKER_NOT_FOUND',
      `Looking for the master of broker '${brokerName}' in the known routes`,
    )
  }

  /** Addresses of all masters of known routes, and of their slaves when `slaves`. */
  addresses(slaves: boolean): string[] {
    const found = new Set<string>()
    for (const addresses of this.#brokerTable().values()) {
      for (const [id, address] of addresses) {
        if (slaves || id === MASTER_ID) found.add(address)
      }
    }
    return [...found]
  }

  async #ask(topic: string): Promise<TopicRoute | undefined> {
    const { answer, address } = await this.#nameServers.ask('GET_ROUTEINFO_BY_TOPIC', (commands, at) =>
      commands.GET_ROUTEINFO_BY_TOPIC(at, { topic, acceptStandardJsonOnly: true, ...this.#zone }),
    )
    if (answer.code === ResponseCode.TOPIC_NOT_EXIST) {
      const cached = this.#routes.get(topic)
      if (cached !== undefined) this.#log.warn('client.route.vanished', { topic, nameServer: address })
      return cached
    }
    if (answer.code !== ResponseCode.SUCCESS || answer.body === undefined) {
      throw refusedBy('GET_ROUTEINFO_BY_TOPIC', address, answer)
    }
    return this.#keep(topic, answer.body)
  }

  #keep(topic: string, body: Buffer): TopicRoute {
    const cached = this.#routes.get(topic)
    if (cached !== undefined && this.#bodies.get(topic)?.equals(body)) {
      this.#putLast(topic, cached)
      return cached
    }
    const route = topicRouteOf(topic, TopicRouteData.decode(body))
    this.#bodies.set(topic, Buffer.from(body))
    this.#putLast(topic, route)
    for (const listener of this.#listeners) listener()
    return route
  }

  /** The table of brokers believes the route that was confirmed last: others may be of topics long gone. */
  #putLast(topic: string, route: TopicRoute): void {
    this.#routes.delete(topic)
    this.#routes.set(topic, route)
    this.#brokers = undefined
  }

  #brokerTable(): Map<string, ReadonlyMap<number, string>> {
    if (this.#brokers !== undefined) return this.#brokers
    const table = new Map<string, ReadonlyMap<number, string>>()
    for (const { data } of this.#routes.values()) {
      for (const row of data.brokerDatas) table.set(row.brokerName, row.brokerAddrs)
    }
    this.#brokers = table
    return table
  }

  #noRoute(topic: string): MqError {
    const namesrv = this.#nameServers.addresses.join(';')
    const how = `create it with \`rockhopper updateTopic -n ${namesrv} -c DefaultCluster -t ${topic}\``
    const or = `or enable autoCreateTopicEnable at the broker (then ${SystemTopic.AUTO_CREATE} has a route)`
    return new MqError('ROUTE_NOT_FOUND', `Topic '${topic}' has no route at ${namesrv}; ${how} ${or}`)
  }
}
