import type { Clock } from '@rockhopper/env'
import type { Connection, ConsumerData, SubscriptionData } from '@rockhopper/remoting'
import type { ClientChannel, ClientIdentity } from './client-channel.js'

/** Group names come from the wire. */
const GROUPS_MAX = 100_000

/** One group as its members described it last (Apache: ConsumerGroupInfo). */
export interface ConsumerGroup {
  readonly groupName: string
  consumeType: ConsumerData['consumeType']
  messageModel: ConsumerData['messageModel']
  consumeFromWhere: ConsumerData['consumeFromWhere']
  readonly channels: Map<Connection, ClientChannel>
  readonly subscriptions: Map<string, SubscriptionData>
  /** Of the last heartbeat V2; 0 for the plain form (remoting.md section 14). */
  fingerprint: number
}

export interface ConsumerRegistration {
  /** Undefined: the client says they are as before. */
  readonly subscriptions: readonly SubscriptionData[] | undefined
  readonly fingerprint: number
  /** Whether the other members are told. */
  readonly notify: boolean
}

/**
 * Consumers that sent a heartbeat, by group (Apache: ConsumerManager). `onMembersChanged` runs when the set
 * of members or their subscriptions changed: the other members then share the queues anew.
 */
export class Consumers {
  readonly #clock: Clock
  readonly #groups = new Map<string, ConsumerGroup>()
  /** Set by the broker. */
  onMembersChanged: (group: ConsumerGroup) => void = () => undefined
  /** Set by the broker: with each heartbeat that names them. */
  onSubscribed: (groupName: string, subscriptions: readonly SubscriptionData[]) => void = () => undefined
  /** Set by the broker: a group has no members any more. */
  onLastLeft: (groupName: string) => void = () => undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get groups(): ReadonlyMap<string, ConsumerGroup> {
    return this.#groups
  }

  get(group: string): ConsumerGroup | undefined {
    return this.#groups.get(group)
  }

  /** True when a member or a subscription is new or different. */
  register(identity: ClientIdentity, data: ConsumerData, registration: ConsumerRegistration): boolean {
    const group = this.#groups.get(data.groupName) ?? this.#newGroup(data)
    if (group === undefined) return false
    group.consumeType = data.consumeType
    group.messageModel = data.messageModel
    group.consumeFromWhere = data.consumeFromWhere
    const known = group.channels.get(identity.connection)
    group.channels.set(identity.connection, { ...identity, seenAt: this.#clock.monotonic() })
    group.fingerprint = registration.fingerprint
    const { subscriptions } = registration
    const subscriptionChanged =
      subscriptions !== undefined && updateSubscriptions(group.subscriptions, subscriptions)
    const changed = known?.clientId !== identity.clientId || subscriptionChanged
    if (changed && registration.notify) this.#changed(group)
    if (subscriptions !== undefined) this.onSubscribed(data.groupName, subscriptions)
    return changed
  }

  unregister(groupName: string, connection: Connection): void {
    const group = this.#groups.get(groupName)
    if (!group?.channels.delete(connection)) return
    if (group.channels.size > 0) {
      this.#changed(group)
      return
    }
    this.#groups.delete(groupName)
    this.onLastLeft(groupName)
  }

  connectionClosed(connection: Connection): void {
    for (const groupName of [...this.#groups.keys()]) this.unregister(groupName, connection)
  }

  clientIds(groupName: string): string[] {
    return [...(this.#groups.get(groupName)?.channels.values() ?? [])].map(({ clientId }) => clientId)
  }

  findClient(groupName: string, clientId: string): ClientChannel | undefined {
    const channels = this.#groups.get(groupName)?.channels.values() ?? []
    return [...channels].find((channel) => channel.clientId === clientId)
  }

  /** Groups with a member that subscribes to the topic. */
  groupsOfTopic(topic: string): string[] {
    return [...this.#groups.values()]
      .filter(({ subscriptions }) => subscriptions.has(topic))
      .map(({ groupName }) => groupName)
  }

  /** Connections with a member that was silent for longer than `afterMs`. */
  silent(afterMs: number): Connection[] {
    const now = this.#clock.monotonic()
    const all = [...this.#groups.values()].flatMap(({ channels }) => [...channels.values()])
    return all.filter(({ seenAt }) => now - seenAt > afterMs).map(({ connection }) => connection)
  }

  /** Members of a broadcasting group share nothing. */
  #changed(group: ConsumerGroup): void {
    if (group.messageModel !== 'BROADCASTING') this.onMembersChanged(group)
  }

  #newGroup(data: ConsumerData): ConsumerGroup | undefined {
    if (this.#groups.size >= GROUPS_MAX) return undefined
    const { groupName, consumeType, messageModel, consumeFromWhere } = data
    const group: ConsumerGroup = {
      groupName,
      consumeType,
      messageModel,
      consumeFromWhere,
      channels: new Map(),
      subscriptions: new Map(),
      fingerprint: 0,
    }
    this.#groups.set(groupName, group)
    return group
  }
}

/** The last heartbeat decides what the group subscribes to; of one topic the higher version does. */
function updateSubscriptions(
  table: Map<string, SubscriptionData>,
  given: readonly SubscriptionData[],
): boolean {
  let changed = false
  for (const subscription of given) {
    const old = table.get(subscription.topic)
    if (old !== undefined && old.subVersion >= subscription.subVersion) continue
    if (old === undefined || !sameExpression(old, subscription)) changed = true
    table.set(subscription.topic, subscription)
  }
  const topics = new Set(given.map(({ topic }) => topic))
  for (const topic of table.keys()) {
    if (topics.has(topic)) continue
    table.delete(topic)
    changed = true
  }
  return changed
}

function sameExpression(a: SubscriptionData, b: SubscriptionData): boolean {
  return a.expressionType === b.expressionType && a.subString === b.subString
}
