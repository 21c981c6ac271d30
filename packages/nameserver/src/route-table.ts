import type { Clock } from '@rockhopper/env'
import { PermName } from '@rockhopper/message'
import type { DataVersion, QueueData, TopicConfig } from '@rockhopper/remoting'
import { compareDataVersions, sameDataVersion } from './data-version.js'

/** Apache: RouteInfoManager.DEFAULT_BROKER_CHANNEL_EXPIRED_TIME. */
export const BROKER_EXPIRES_AFTER_MS = 120_000

const MASTER_ID = 0

/** The connection a broker registered on: all the table needs to know of it. */
export interface BrokerChannel {
  readonly closed: boolean
}

export interface BrokerIdentity {
  readonly clusterName: string
  readonly brokerName: string
  readonly brokerId: number
  readonly brokerAddr: string
}

export interface BrokerRegistration extends BrokerIdentity {
  readonly haServerAddr: string
  /** Undefined for brokers before 5.0, which do not send the field. */
  readonly enableActingMaster: boolean | undefined
  readonly heartbeatTimeoutMs: number | undefined
  readonly zoneName: string | undefined
  readonly dataVersion: DataVersion
  readonly topicConfigs: ReadonlyMap<string, TopicConfig>
}

/** One broker name: its members by id. */
export interface BrokerGroup {
  readonly cluster: string
  readonly brokerName: string
  readonly addresses: Map<number, string>
  enableActingMaster: boolean
  zoneName: string | undefined
}

export interface LiveBroker {
  readonly identity: BrokerIdentity
  readonly haServerAddr: string
  readonly channel: BrokerChannel
  readonly timeoutMs: number
  dataVersion: DataVersion
  /** Monotonic. */
  seenAt: number
}

export type RegisterResult =
  | {
      readonly kind: 'registered'
      readonly masterAddr: string | undefined
      readonly haServerAddr: string | undefined
    }
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Which brokers live where and which of them serves which topic (Apache: RouteInfoManager).
 * Synchronous: each call sees and leaves a whole table. remoting.md section 16.4 numbers the rules.
 */
export class RouteTable {
  readonly #clock: Clock
  readonly #groups = new Map<string, BrokerGroup>()
  readonly #topics = new Map<string, Map<string, QueueData>>()
  readonly #live = new Map<string, LiveBroker>()
  readonly #dropMissingTopics: boolean

  constructor(clock: Clock, options: { readonly dropMissingTopics?: boolean } = {}) {
    this.#clock = clock
    this.#dropMissingTopics = options.dropMissingTopics ?? false
  }

  /** By broker name. */
  get groups(): ReadonlyMap<string, BrokerGroup> {
    return this.#groups
  }

  /** Topic to broker name to its queues there. */
  get topics(): ReadonlyMap<string, ReadonlyMap<string, QueueData>> {
    return this.#topics
  }

  live(identity: Pick<BrokerIdentity, 'clusterName' | 'brokerAddr'>): LiveBroker | undefined {
    return this.#live.get(liveKey(identity))
  }

  register(registration: BrokerRegistration, channel: BrokerChannel): RegisterResult {
    const { brokerName, brokerId, brokerAddr } = registration
    const refusal = this.#refusal(registration, channel)
    if (refusal !== undefined) return { kind: 'refused', reason: refusal }
    const group = this.#groups.get(brokerName) ?? this.#newGroup(registration)
    group.enableActingMaster = registration.enableActingMaster ?? false
    group.zoneName = registration.zoneName
    // Rule 1, a role switch: an address has one id, so <1, address> goes before <0, address> comes.
    for (const [id, address] of group.addresses) {
      if (address === brokerAddr && id !== brokerId) group.addresses.delete(id)
    }
    const addressBefore = group.addresses.get(brokerId)
    if (addressBefore !== undefined && addressBefore !== brokerAddr) {
      this.#live.delete(liveKey({ clusterName: group.cluster, brokerAddr: addressBefore }))
    }
    group.addresses.set(brokerId, brokerAddr)
    this.#takeTopics(registration, group, addressBefore === undefined)
    this.#live.set(liveKey(registration), {
      identity: { clusterName: registration.clusterName, brokerName, brokerId, brokerAddr },
      haServerAddr: registration.haServerAddr,
      channel,
      timeoutMs: registration.heartbeatTimeoutMs ?? BROKER_EXPIRES_AFTER_MS,
      dataVersion: registration.dataVersion,
      seenAt: this.#clock.monotonic(),
    })
    return this.#registered(registration, group)
  }

  /** Removes a member; the group's queues go with its last member. Unknown members are ignored. */
  unregister({ clusterName, brokerName, brokerId, brokerAddr }: BrokerIdentity): void {
    this.#live.delete(liveKey({ clusterName, brokerAddr }))
    const group = this.#groups.get(brokerName)
    if (group?.addresses.get(brokerId) !== brokerAddr) return
    group.addresses.delete(brokerId)
    if (group.addresses.size === 0) {
      this.#groups.delete(brokerName)
      for (const topic of [...this.#topics.keys()]) this.#dropQueues(topic, brokerName)
    } else if (group.enableActingMaster && !group.addresses.has(MASTER_ID)) {
      // The remaining slaves act as a read-only master (Apache: removeTopicByBrokerName, reducedBroker).
      this.#changePermission(brokerName, (perm) => perm & ~PermName.WRITE)
    }
  }

  /** A sign of life without topics: codes 904 and 322. False when the broker is not registered. */
  touch(identity: Pick<BrokerIdentity, 'clusterName' | 'brokerAddr'>): boolean {
    const live = this.#live.get(liveKey(identity))
    if (live === undefined) return false
    live.seenAt = this.#clock.monotonic()
    return true
  }

  /** Unregisters every broker that registered on this connection and has not done so on another since. */
  channelClosed(channel: BrokerChannel): LiveBroker[] {
    return this.#unregisterWhere((live) => live.channel === channel)
  }

  expire(): LiveBroker[] {
    const now = this.#clock.monotonic()
    return this.#unregisterWhere((live) => now - live.seenAt > live.timeoutMs)
  }

  /** Without a cluster, or for every broker of it. */
  deleteTopic(topic: string, clusterName?: string): void {
    const names = [...(this.#topics.get(topic)?.keys() ?? [])]
    for (const name of names) {
      if (clusterName === undefined || this.#groups.get(name)?.cluster === clusterName)
        this.#dropQueues(topic, name)
    }
  }

  /** Code 217: queues that an operator declares; brokers that are not registered are left out. */
  addQueues(topic: string, queueDatas: readonly QueueData[]): void {
    for (const queueData of queueDatas) {
      if (this.#groups.has(queueData.brokerName)) this.#putQueues(topic, queueData)
    }
  }

  /** Codes 205 and 327. Returns how many topics were changed. */
  setWritable(brokerName: string, writable: boolean): number {
    return this.#changePermission(brokerName, (perm) =>
      writable ? PermName.READ | PermName.WRITE : perm & ~PermName.WRITE,
    )
  }

  #refusal(registration: BrokerRegistration, channel: BrokerChannel): string | undefined {
    const group = this.#groups.get(registration.brokerName)
    const holderAddr = group?.addresses.get(registration.brokerId)
    if (group !== undefined && holderAddr !== undefined && holderAddr !== registration.brokerAddr) {
      const holder = this.#live.get(liveKey({ clusterName: group.cluster, brokerAddr: holderAddr }))
      if (holder !== undefined && blocks(holder, registration, channel)) {
        const { brokerId, brokerName } = registration
        return `register broker failed: ${brokerName} id ${brokerId} is ${holderAddr}`
      }
    }
    // Rule 2: an increment of one topic from a broker nobody knows would make a route without its other
    // topics.
    if (holderAddr === undefined && registration.topicConfigs.size === 1) {
      return 'register broker failed: a first registration must carry the whole topic table'
    }
    return undefined
  }

  #newGroup({ brokerName, clusterName }: BrokerRegistration): BrokerGroup {
    const group: BrokerGroup = {
      cluster: clusterName,
      brokerName,
      addresses: new Map(),
      enableActingMaster: false,
      zoneName: undefined,
    }
    this.#groups.set(brokerName, group)
    return group
  }

  #takeTopics(registration: BrokerRegistration, group: BrokerGroup, first: boolean): void {
    const { brokerName, brokerId, topicConfigs } = registration
    const isPrimeSlave =
      registration.enableActingMaster !== undefined &&
      brokerId !== MASTER_ID &&
      brokerId === Math.min(...group.addresses.keys())
    if (brokerId !== MASTER_ID && !isPrimeSlave) return
    const known = this.#live.get(liveKey(registration))?.dataVersion
    const changed = known === undefined || !sameDataVersion(known, registration.dataVersion)
    if (this.#dropMissingTopics) {
      for (const [topic, queues] of this.#topics) {
        if (queues.has(brokerName) && !topicConfigs.has(topic)) this.#dropQueues(topic, brokerName)
      }
    }
    const readOnly = isPrimeSlave && group.enableActingMaster
    for (const [topic, config] of topicConfigs) {
      if (!first && !changed && this.#topics.get(topic)?.has(brokerName)) continue
      this.#putQueues(topic, {
        brokerName,
        perm: readOnly ? config.perm & ~PermName.WRITE : config.perm,
        readQueueNums: config.readQueueNums,
        topicSysFlag: config.topicSysFlag,
        writeQueueNums: config.writeQueueNums,
      })
    }
  }

  #registered({ brokerId }: BrokerRegistration, group: BrokerGroup): RegisterResult {
    const masterAddr = brokerId === MASTER_ID ? undefined : group.addresses.get(MASTER_ID)
    const master =
      masterAddr && this.#live.get(liveKey({ clusterName: group.cluster, brokerAddr: masterAddr }))
    if (!master) return { kind: 'registered', masterAddr: undefined, haServerAddr: undefined }
    return { kind: 'registered', masterAddr, haServerAddr: master.haServerAddr }
  }

  #unregisterWhere(matches: (live: LiveBroker) => boolean): LiveBroker[] {
    const gone = [...this.#live.values()].filter(matches)
    for (const live of gone) this.unregister(live.identity)
    return gone
  }

  #putQueues(topic: string, queueData: QueueData): void {
    const queues = this.#topics.get(topic) ?? new Map<string, QueueData>()
    queues.set(queueData.brokerName, queueData)
    this.#topics.set(topic, queues)
  }

  #dropQueues(topic: string, brokerName: string): void {
    const queues = this.#topics.get(topic)
    queues?.delete(brokerName)
    if (queues?.size === 0) this.#topics.delete(topic)
  }

  #changePermission(brokerName: string, change: (perm: number) => number): number {
    let count = 0
    for (const queues of this.#topics.values()) {
      const queueData = queues.get(brokerName)
      if (queueData === undefined) continue
      queues.set(brokerName, { ...queueData, perm: change(queueData.perm) })
      count++
    }
    return count
  }
}

function liveKey({ clusterName, brokerAddr }: Pick<BrokerIdentity, 'clusterName' | 'brokerAddr'>): string {
  return `${clusterName}\n${brokerAddr}`
}

/**
 * Two brokers under one name and id would split every topic. The one that holds the place keeps it while its
 * connection is open and it knows at least as much; a newer state version keeps it even without a connection
 * (Apache: RouteInfoManager.registerBroker compares the state versions only).
 */
function blocks(holder: LiveBroker, newcomer: BrokerRegistration, channel: BrokerChannel): boolean {
  if (holder.dataVersion.stateVersion > newcomer.dataVersion.stateVersion) return true
  if (holder.channel.closed || holder.channel === channel) return false
  return compareDataVersions(holder.dataVersion, newcomer.dataVersion) >= 0
}
