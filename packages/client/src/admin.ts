import {
  checkGroup,
  checkTopic,
  hostText,
  MqError,
  parseOffsetMessageId,
  SystemTopic,
} from '@rockhopper/message'
import type {
  ClusterInfo,
  ConsumeMessageDirectlyResult,
  ConsumerConnection,
  ConsumerRunningInfo,
  ConsumeStats,
  MessageQueue,
  TopicConfig,
  TopicRouteData,
  TopicStatsTable,
} from '@rockhopper/remoting'
import { SubscriptionGroupConfig } from '@rockhopper/remoting'
import type {
  AdminTarget,
  CreateTopicOptions,
  QueryOptions,
  SubscriptionGroupSettings,
} from './admin-options.js'
import type { CallOptions } from './api/commands.js'
import { unreachable } from './api/name-servers.js'
import { MASTER_ID } from './api/topic-route.js'
import { ClientInstance } from './client-instance.js'
import type { ClientOptions } from './client-options.js'
import {
  type CloneOffsetsOptions,
  connectionsOf,
  consumeDirectly,
  membersOf,
  type ResetOffsetOptions,
  resetOffsets,
  runningInfoOf,
} from './consumer-administration.js'
import { compareQueues } from './consuming/allocation.js'
import type { MessageView } from './message-view.js'
import type { MessageModel } from './push-consumer-options.js'
import { decompressed, viewOf } from './received-message.js'
import { inTime } from './wait.js'

/** Queues per broker that a topic gets by default (Apache: updateTopic). */
const QUEUES_DEFAULT = 8
const BODY_SIZE_MAX = 64 * 1024 * 1024

type Entries<T> = readonly (readonly [MessageQueue, T])[]

/** Administration over the same commands as Apache's mqadmin. Every method rejects with MqError. */
export class Admin {
  readonly #instance: ClientInstance

  /** Opens nothing. Throws MqError ADDRESS_ILLEGAL. */
  constructor(options: ClientOptions) {
    this.#instance = new ClientInstance(options)
  }

  async start(): Promise<void> {
    this.#instance.start()
  }

  async shutdown(): Promise<void> {
    await this.#instance.stop()
  }

  /**
   * Makes the topic at every target, or changes it. Resolves when all brokers have it and told their name
   * servers.
   */
  async createTopic(topic: string, options: CreateTopicOptions = {}): Promise<TopicConfig> {
    const reason = checkTopic(topic)
    if (reason !== undefined) throw new MqError('TOPIC_ILLEGAL', `Creating the topic '${topic}': ${reason}`)
    const queues = options.queues ?? QUEUES_DEFAULT
    const attributes = Object.entries(options.attributes ?? {})
    const config: TopicConfig = {
      topicName: topic,
      readQueueNums: options.readQueueNums ?? queues,
      writeQueueNums: options.writeQueueNums ?? queues,
      perm: options.perm ?? 6,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: 0,
      order: options.order ?? false,
      attributes: new Map(attributes),
    }
    const { topicName: _, attributes: __, ...settings } = config
    const header = {
      topic,
      defaultTopic: SystemTopic.AUTO_CREATE,
      ...settings,
      ...(attributes.length === 0
        ? {}
        : { attributes: attributes.map(([key, value]) => `+${key}=${value}`).join(',') }),
    }
    const call = callOptions(options)
    const targets = await this.#targets(options, `Creating the topic '${topic}'`)
    await Promise.all(targets.map((address) => this.#instance.api.createTopic(address, header, call)))
    return config
  }

  /** Removes the topic from the brokers, then from the name servers. */
  async deleteTopic(topic: string, target: AdminTarget = {}): Promise<void> {
    const { api, nameServers } = this.#instance
    const call = callOptions(target)
    const targets = await this.#targets(target, `Deleting the topic '${topic}'`)
    await Promise.all(targets.map((address) => api.deleteTopicInBroker(address, topic, call)))
    await Promise.all(
      nameServers.addresses.map((address) => api.deleteTopicInNameServer(address, topic, call)),
    )
  }

  async updateSubscriptionGroup(
    settings: SubscriptionGroupSettings,
    target: AdminTarget = {},
  ): Promise<void> {
    const { groupName } = settings
    const reason = checkGroup(groupName)
    if (reason !== undefined)
      throw new MqError('GROUP_ILLEGAL', `Changing the group '${groupName}': ${reason}`)
    const config: SubscriptionGroupConfig = {
      ...SubscriptionGroupConfig.read({ groupName }, '$'),
      ...settings,
    }
    const call = callOptions(target)
    const targets = await this.#targets(target, `Changing the group '${groupName}'`)
    await Promise.all(
      targets.map((address) => this.#instance.api.updateSubscriptionGroup(address, config, call)),
    )
  }

  /** Each target's settings of the topic, by its address; undefined where there is no such topic. */
  async topicConfigs(
    topic: string,
    target: AdminTarget = {},
  ): Promise<ReadonlyMap<string, TopicConfig | undefined>> {
    const call = callOptions(target)
    const addresses = await this.#targets(target, `Asking for the settings of '${topic}'`)
    const asked = addresses.map(
      async (address) => [address, await this.#instance.api.topicConfig(address, topic, call)] as const,
    )
    return new Map(await Promise.all(asked))
  }

  /** Each target's settings of the group, by its address; where groups are made on demand, it is made. */
  async subscriptionGroup(
    group: string,
    target: AdminTarget = {},
  ): Promise<ReadonlyMap<string, SubscriptionGroupConfig | undefined>> {
    const call = callOptions(target)
    const addresses = await this.#targets(target, `Asking for the settings of '${group}'`)
    const asked = addresses.map(
      async (address) => [address, await this.#instance.api.subscriptionGroup(address, group, call)] as const,
    )
    return new Map(await Promise.all(asked))
  }

  /** Each target's groups with their settings, by its address. */
  async subscriptionGroups(
    target: AdminTarget = {},
  ): Promise<ReadonlyMap<string, ReadonlyMap<string, SubscriptionGroupConfig>>> {
    const call = callOptions(target)
    const addresses = await this.#targets(target, 'Asking for the groups')
    const asked = addresses.map(
      async (address) => [address, await this.#instance.api.subscriptionGroups(address, call)] as const,
    )
    return new Map(await Promise.all(asked))
  }

  /** Asks the name server, not the cache. Rejects with ROUTE_NOT_FOUND. */
  async topicRoute(topic: string, options: CallOptions = {}): Promise<TopicRouteData> {
    const attempted = `Asking for the route of '${topic}'`
    this.#instance.assertStarted(attempted)
    const { env, routes } = this.#instance
    const asking = routes.fetch(topic).then(() => routes.require(topic))
    return (await inTime(env.clock, asking, attempted, options)).data
  }

  async clusterInfo(options: CallOptions = {}): Promise<ClusterInfo> {
    return this.#atNameServer('Asking for the clusters', (address) =>
      this.#instance.api.clusterInfo(address, options),
    )
  }

  async topicList(options: CallOptions = {}): Promise<readonly string[]> {
    return this.#atNameServer('Asking for the topics', (address) =>
      this.#instance.api.topicList(address, options),
    )
  }

  /** Offsets of the topic's queues at all its brokers. */
  async topicStats(topic: string, options: CallOptions = {}): Promise<TopicStatsTable> {
    const addresses = await this.#mastersOf(topic, options)
    const tables = await Promise.all(
      addresses.map((address) => this.#instance.api.topicStats(address, topic, options)),
    )
    return {
      offsetTable: joined(tables.map((table) => table.offsetTable)),
      topicPutTps: tables.reduce((sum, table) => sum + table.topicPutTps, 0),
    }
  }

  /**
   * Offsets of the group in its topics, or in one, at all brokers that serve `topic` or the group's retry
   * topic.
   */
  async consumerProgress(
    consumerGroup: string,
    topic?: string,
    options: CallOptions = {},
  ): Promise<ConsumeStats> {
    const attempted = `Asking for the progress of '${consumerGroup}'`
    const addresses =
      topic === undefined ? await this.#targets(options, attempted) : await this.#mastersOf(topic, options)
    const tables = await Promise.all(
      addresses.map((address) => this.#instance.api.consumeStats(address, consumerGroup, topic, options)),
    )
    return {
      offsetTable: joined(tables.map((table) => table.offsetTable)),
      consumeTps: tables.reduce((sum, table) => sum + table.consumeTps, 0),
    }
  }

  /**
   * Messages of the topic with this key, or, when `unique`, with this message id, at all its brokers, oldest
   * first. Brokers index what they stored with up to a second's delay.
   */
  async queryMessages(topic: string, key: string, options: QueryOptions = {}): Promise<MessageView[]> {
    const {
      beginTimestamp = 0,
      countMax = 64,
      endTimestamp = Number.MAX_SAFE_INTEGER,
      unique = false,
    } = options
    const { api, env } = this.#instance
    const range = { beginTimestamp, endTimestamp, maxNum: countMax }
    const header = { topic, key, ...range, indexType: unique ? 'U' : 'K', _UNIQUE_KEY_QUERY: unique }
    const call = callOptions(options)
    const route = await this.topicRoute(topic, call)
    const found = route.brokerDatas.map(async ({ brokerAddrs, brokerName }) => {
      const address = brokerAddrs.get(MASTER_ID)
      const records = address === undefined ? [] : await api.queryMessage(address, header, call)
      const readable = records.map((record) => decompressed(record, env.compute, BODY_SIZE_MAX))
      return (await Promise.all(readable)).map((record) =>
        viewOf(record, { topic: record.topic, brokerName, queueId: record.queueId }),
      )
    })
    const views = (await Promise.all(found)).flat()
    return views.sort((a, b) => a.storeTimestamp - b.storeTimestamp).slice(0, countMax)
  }

  /** The message an offset message id names. Rejects with MESSAGE_NOT_FOUND. */
  async viewMessage(offsetMessageId: string, options: CallOptions = {}): Promise<MessageView> {
    this.#instance.assertStarted(`Reading the message ${offsetMessageId}`)
    const id = parseOffsetMessageId(offsetMessageId)
    if (id === undefined)
      throw new MqError('ARGUMENT_ILLEGAL', `'${offsetMessageId}' is not an offset message id`)
    const record = await this.#instance.api.viewMessage(hostText(id.host), id.physicalOffset, options)
    const readable = await decompressed(record, this.#instance.env.compute, BODY_SIZE_MAX)
    return viewOf(readable, { topic: record.topic, brokerName: '', queueId: record.queueId })
  }

  /**
   * The group goes on at the first message stored at `timestamp` (ms since 1970; -1: behind the last), its
   * members online or not. Returns the new offsets; members hear of them with their next pull.
   */
  async resetOffsetByTime(
    consumerGroup: string,
    topic: string,
    timestamp: number,
    options: ResetOffsetOptions = {},
  ): Promise<Entries<number>> {
    const attempted = `Resetting the offsets of '${consumerGroup}' in '${topic}'`
    this.#instance.assertStarted(attempted)
    const { env, routes } = this.#instance
    const route = await inTime(env.clock, routes.require(topic), attempted, options)
    return resetOffsets(this.#instance, route, consumerGroup, timestamp, options)
  }

  /** `destGroup` goes on where `srcGroup` is (code 314); members of it must be offline. */
  async cloneGroupOffset(
    srcGroup: string,
    destGroup: string,
    { topic, offline, ...options }: CloneOffsetsOptions = {},
  ): Promise<void> {
    const attempted = `Cloning the offsets of '${srcGroup}' for '${destGroup}'`
    const addresses =
      topic === undefined ? await this.#targets(options, attempted) : await this.#mastersOf(topic, options)
    const header = { srcGroup, destGroup, topic: topic ?? '', offline: offline ?? false }
    await Promise.all(
      addresses.map((address) => this.#instance.api.cloneGroupOffset(address, header, options)),
    )
  }

  /** Client ids of the members that are online, sorted. */
  async consumerClientIds(consumerGroup: string, options: CallOptions = {}): Promise<readonly string[]> {
    return membersOf(await this.#connections(consumerGroup, options))
  }

  /**
   * How the members that are online share messages, CLUSTERING or BROADCASTING, as the one that came last
   * said; undefined when none is online.
   */
  async messageModel(consumerGroup: string, options: CallOptions = {}): Promise<MessageModel | undefined> {
    const [connection] = await this.#connections(consumerGroup, options)
    return connection?.messageModel
  }

  /** What a member says of itself: queues, subscriptions, settings. Rejects with CONSUMER_NOT_FOUND. */
  async consumerRunningInfo(
    consumerGroup: string,
    clientId: string,
    options: CallOptions = {},
  ): Promise<ConsumerRunningInfo> {
    const addresses = await this.#targets(options, `Asking ${clientId} how it runs`)
    return runningInfoOf(this.#instance, addresses, consumerGroup, clientId, options)
  }

  /** Has a member consume a message once more; no offset moves. Resolves with what became of it. */
  async consumeMessageDirectly(
    consumerGroup: string,
    clientId: string,
    offsetMessageId: string,
    options: CallOptions = {},
  ): Promise<ConsumeMessageDirectlyResult> {
    this.#instance.assertStarted(`Having ${clientId} consume ${offsetMessageId}`)
    return consumeDirectly(this.#instance, consumerGroup, clientId, offsetMessageId, options)
  }

  async #connections(consumerGroup: string, options: CallOptions): Promise<readonly ConsumerConnection[]> {
    const addresses = await this.#targets(options, `Asking for the members of '${consumerGroup}'`)
    return connectionsOf(this.#instance, addresses, consumerGroup, options)
  }

  async #mastersOf(topic: string, options: CallOptions): Promise<string[]> {
    const route = await this.topicRoute(topic, options)
    return route.brokerDatas.flatMap((row) => row.brokerAddrs.get(MASTER_ID) ?? [])
  }

  /** Addresses of all masters that are meant. Rejects with BROKER_NOT_FOUND when there is none. */
  async #targets({ brokerAddr, cluster, ...call }: AdminTarget, attempted: string): Promise<string[]> {
    this.#instance.assertStarted(attempted)
    if (brokerAddr !== undefined) return [brokerAddr]
    const { brokerAddrTable } = await this.clusterInfo(callOptions(call))
    const rows = [...brokerAddrTable.values()].filter(
      (row) => cluster === undefined || row.cluster === cluster,
    )
    const addresses = rows.flatMap((row) => row.brokerAddrs.get(MASTER_ID) ?? [])
    if (addresses.length > 0) return addresses
    throw new MqError(
      'BROKER_NOT_FOUND',
      `${attempted} in ${cluster === undefined ? 'any cluster' : `cluster '${cluster}'`}`,
    )
  }

  /** The first name server that answers. */
  async #atNameServer<T>(attempted: string, call: (address: string) => Promise<T>): Promise<T> {
    this.#instance.assertStarted(attempted)
    let cause: unknown
    for (const address of this.#instance.nameServers.addresses) {
      try {
        return await call(address)
      } catch (error) {
        if (!(error instanceof MqError) || FINAL.has(error.code)) throw error
        cause = error
      }
    }
    throw unreachable(attempted, cause)
  }
}

const joined = <T>(tables: readonly Entries<T>[]): Entries<T> =>
  tables.flat().sort(([a], [b]) => compareQueues(a, b))

/** Errors that another name server would not change. */
const FINAL: ReadonlySet<string> = new Set(['RESPONSE_REFUSED', 'REQUEST_ABORTED'])

/** Without the fields that say what is meant, not how long. */
const callOptions = ({ signal, timeoutMs }: CallOptions): CallOptions => ({
  ...(signal === undefined ? {} : { signal }),
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
})
