import { PermName } from '@rockhopper/message'
import type { BrokerData, ClusterInfo, QueueData, TopicRouteData } from '@rockhopper/remoting'
import type { BrokerGroup, RouteTable } from './route-table.js'

export interface RouteOptions {
  /** Show the lowest slave as master of a group that lost it, when the group allows it. */
  readonly supportActingMaster: boolean
  /** Only brokers of this zone, and those without a master (Apache: ZoneRouteRPCHook). Blank: all. */
  readonly zoneName?: string | undefined
}

/** remoting.md section 15.4, or undefined when no registered broker has the topic. */
export function topicRoute(
  table: RouteTable,
  topic: string,
  options: RouteOptions,
): TopicRouteData | undefined {
  const queues = table.topics.get(topic)
  if (queues === undefined) return undefined
  const brokerDatas: BrokerData[] = []
  const queueDatas: QueueData[] = []
  let registered = 0
  for (const [brokerName, queueData] of queues) {
    const group = table.groups.get(brokerName)
    if (group === undefined) continue
    registered++
    if (!inZone(group, options.zoneName)) continue
    queueDatas.push(queueData)
    brokerDatas.push(actingBrokerData(group, queueData, options))
  }
  // A topic that only other zones have is known, and has no queues.
  if (registered === 0) return undefined
  return { brokerDatas, filterServerTable: new Map(), queueDatas }
}

export function clusterInfo(table: RouteTable): ClusterInfo {
  const brokerAddrTable = new Map<string, BrokerData>()
  const clusterAddrTable = new Map<string, string[]>()
  for (const group of table.groups.values()) {
    brokerAddrTable.set(group.brokerName, brokerData(group))
    const names = clusterAddrTable.get(group.cluster)
    if (names === undefined) clusterAddrTable.set(group.cluster, [group.brokerName])
    else names.push(group.brokerName)
  }
  return { brokerAddrTable, clusterAddrTable }
}

export function topicsOfCluster(table: RouteTable, cluster: string): string[] {
  const inCluster = (brokerName: string) => table.groups.get(brokerName)?.cluster === cluster
  return [...table.topics].filter(([, queues]) => [...queues.keys()].some(inCluster)).map(([topic]) => topic)
}

/** Code 304: every cluster and broker name is a topic of its own; any broker's address goes with them. */
export function systemTopics(table: RouteTable): { topicList: string[]; brokerAddr?: string } {
  const names = new Set<string>()
  let brokerAddr: string | undefined
  for (const group of table.groups.values()) {
    names.add(group.cluster)
    names.add(group.brokerName)
    brokerAddr ??= group.addresses.values().next().value
  }
  return brokerAddr === undefined ? { topicList: [...names] } : { topicList: [...names], brokerAddr }
}

/** Sorted by id. */
export function addressMap(group: BrokerGroup): Map<number, string> {
  return new Map([...group.addresses].sort(([a], [b]) => a - b))
}

function brokerData(group: BrokerGroup): BrokerData {
  return {
    brokerAddrs: addressMap(group),
    brokerName: group.brokerName,
    cluster: group.cluster,
    enableActingMaster: group.enableActingMaster,
    ...(group.zoneName === undefined ? {} : { zoneName: group.zoneName }),
  }
}

function actingBrokerData(group: BrokerGroup, queueData: QueueData, options: RouteOptions): BrokerData {
  const data = brokerData(group)
  const writable = (queueData.perm & PermName.WRITE) !== 0
  if (!options.supportActingMaster || !group.enableActingMaster || group.addresses.has(0) || writable)
    return data
  const [lowest, ...others] = data.brokerAddrs
  if (lowest === undefined) return data
  return { ...data, brokerAddrs: new Map([[0, lowest[1]], ...others]) }
}

function inZone(group: BrokerGroup, zoneName = ''): boolean {
  if (zoneName.trim() === '' || !group.addresses.has(0)) return true
  return group.zoneName?.toLowerCase() === zoneName.toLowerCase()
}
