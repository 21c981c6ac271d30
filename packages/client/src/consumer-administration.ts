import { hostText, isMqError, MqError, parseOffsetMessageId } from '@rockhopper/message'
import {
  type ConsumeMessageDirectlyResult,
  type ConsumerConnection,
  type ConsumerRunningInfo,
  type MessageQueue,
  ResponseCode,
} from '@rockhopper/remoting'
import type { CallOptions } from './api/commands.js'
import { MASTER_ID, type TopicRoute } from './api/topic-route.js'
import type { ClientInstance } from './client-instance.js'
import { compareQueues } from './consuming/allocation.js'

export interface ResetOffsetOptions extends CallOptions {
  /** Also forwards; else offsets only move back. Default true. */
  readonly force?: boolean
}

export interface CloneOffsetsOptions extends CallOptions {
  /** Only this topic. Default: every topic that the source has offsets of (brokers of ours). */
  readonly topic?: string
  /** Also of topics that the source's members do not subscribe to. Default false. */
  readonly offline?: boolean
}

type Offsets = readonly (readonly [MessageQueue, number])[]

/** Offsets per queue and broker, whoever is online (Apache: DefaultMQAdminExtImpl.resetOffsetByTimestamp). */
export async function resetOffsets(
  instance: ClientInstance,
  route: TopicRoute,
  consumerGroup: string,
  timestamp: number,
  { force = true, ...options }: ResetOffsetOptions,
): Promise<Offsets> {
  const { topic } = route
  const atBrokers = mastersOf(route).map(async ([brokerName, address]) => {
    const header = { topic, group: consumerGroup, timestamp, isForce: force, queueId: -1, offset: -1 }
    try {
      return await instance.api.resetOffset(address, header, options)
    } catch (error) {
      // Brokers that leave it to the members (useServerSideResetOffset=false), and none is there.
      if (!isMqError(error) || error.responseCode !== ResponseCode.CONSUMER_NOT_ONLINE) throw error
      const queues = route.readQueues.filter((queue) => queue.brokerName === brokerName)
      const set = { address, consumerGroup, timestamp, force, options }
      return Promise.all(queues.map((queue) => resetQueue(instance, queue, set)))
    }
  })
  return (await Promise.all(atBrokers)).flat().sort(([a], [b]) => compareQueues(a, b))
}

interface QueueReset {
  readonly address: string
  readonly consumerGroup: string
  readonly timestamp: number
  readonly force: boolean
  readonly options: CallOptions
}

async function resetQueue(
  { api }: ClientInstance,
  queue: MessageQueue,
  { address, consumerGroup, force, options, timestamp }: QueueReset,
): Promise<readonly [MessageQueue, number]> {
  const wanted =
    timestamp === -1
      ? await api.maxOffset(address, queue, options)
      : await api.searchOffset(address, queue, timestamp, options)
  const committed = await api.queryConsumerOffset(address, consumerGroup, queue, options)
  if (!force && committed !== undefined && committed < wanted) return [queue, committed]
  await api.updateConsumerOffset(address, consumerGroup, queue, wanted, options)
  return [queue, wanted]
}

/** The member's own account, through a broker that it is connected to. */
export async function runningInfoOf(
  instance: ClientInstance,
  addresses: readonly string[],
  consumerGroup: string,
  clientId: string,
  options: CallOptions,
): Promise<ConsumerRunningInfo> {
  const header = { consumerGroup, clientId, jstackEnable: false }
  let cause: unknown
  for (const address of addresses) {
    try {
      return await instance.api.consumerRunningInfo(address, header, options)
    } catch (error) {
      if (!isMqError(error) || error.code === 'REQUEST_ABORTED') throw error
      cause = error
    }
  }
  const attempted = `Asking ${clientId} of '${consumerGroup}' how it runs`
  throw new MqError('CONSUMER_NOT_FOUND', attempted, { cause })
}

/** The group as each of these brokers sees it; those that know no member of it are left out. */
export async function connectionsOf(
  { api }: ClientInstance,
  addresses: readonly string[],
  consumerGroup: string,
  options: CallOptions,
): Promise<readonly ConsumerConnection[]> {
  const asked = addresses.map(async (address) => {
    try {
      return [await api.consumerConnection(address, consumerGroup, options)]
    } catch (error) {
      if (isMqError(error) && error.responseCode === ResponseCode.CONSUMER_NOT_ONLINE) return []
      throw error
    }
  })
  return (await Promise.all(asked)).flat()
}

/** Client ids of the members, sorted. */
export function membersOf(connections: readonly ConsumerConnection[]): readonly string[] {
  const ids = connections.flatMap(({ connectionSet }) => connectionSet.map(({ clientId }) => clientId))
  return [...new Set(ids)].sort()
}

/** The broker that has the message asks the member to consume it once more. */
export async function consumeDirectly(
  { api }: ClientInstance,
  consumerGroup: string,
  clientId: string,
  offsetMessageId: string,
  options: CallOptions,
): Promise<ConsumeMessageDirectlyResult> {
  const id = parseOffsetMessageId(offsetMessageId)
  if (id === undefined)
    throw new MqError('ARGUMENT_ILLEGAL', `'${offsetMessageId}' is not an offset message id`)
  const header = { consumerGroup, clientId, msgId: offsetMessageId }
  return api.consumeMessageDirectly(hostText(id.host), header, options)
}

export function mastersOf({ data }: TopicRoute): (readonly [brokerName: string, address: string])[] {
  return data.brokerDatas.flatMap(({ brokerAddrs, brokerName }) => {
    const address = brokerAddrs.get(MASTER_ID)
    return address === undefined ? [] : [[brokerName, address] as const]
  })
}
