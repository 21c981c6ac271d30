import { isReadable, isWriteable } from '@rockhopper/message'
import type { MessageQueue, TopicRouteData } from '@rockhopper/remoting'
import { compareQueues } from '../consuming/allocation.js'

/** Where a topic is, as lists a client can use. */
export interface TopicRoute {
  readonly topic: string
  readonly data: TopicRouteData
  /** Queues that can be written, of brokers that have a master; sorted. */
  readonly writeQueues: readonly MessageQueue[]
  /** Queues that can be read; sorted. */
  readonly readQueues: readonly MessageQueue[]
}

/** Id of a master in `brokerAddrs`. */
export const MASTER_ID = 0

/**
 * The name server's answer as queues (Apache: MQClientInstance.topicRouteData2TopicPublishInfo and
 * ...SubscribeInfo).
 */
export function topicRouteOf(topic: string, data: TopicRouteData): TopicRoute {
  return { topic, data, writeQueues: writeQueuesOf(topic, data), readQueues: readQueuesOf(topic, data) }
}

/**
 * The route an unknown topic will get when a send creates it: that of TBW102, with at most `queueNums`
 * queues a broker.
 */
export function routeForNewTopic(topic: string, template: TopicRouteData, queueNums: number): TopicRoute {
  const queueDatas = template.queueDatas.map((row) => ({
    ...row,
    readQueueNums: Math.min(row.readQueueNums, queueNums),
    writeQueueNums: Math.min(row.writeQueueNums, queueNums),
  }))
  const { orderTopicConf: _, ...rest } = template
  return topicRouteOf(topic, { ...rest, queueDatas })
}

function writeQueuesOf(topic: string, data: TopicRouteData): MessageQueue[] {
  const ordered = orderedQueuesOf(topic, data.orderTopicConf)
  if (ordered !== undefined) return ordered
  const masters = new Set<string>()
  for (const row of data.brokerDatas) if (row.brokerAddrs.has(MASTER_ID)) masters.add(row.brokerName)
  const rows = data.queueDatas.filter((row) => isWriteable(row.perm) && masters.has(row.brokerName))
  return rows.flatMap((row) => queues(topic, row.brokerName, row.writeQueueNums)).sort(compareQueues)
}

function readQueuesOf(topic: string, data: TopicRouteData): MessageQueue[] {
  const rows = data.queueDatas.filter((row) => isReadable(row.perm))
  return rows.flatMap((row) => queues(topic, row.brokerName, row.readQueueNums)).sort(compareQueues)
}

/** `broker-a:4;broker-b:4`: the queues of an order topic stay the same while a broker is away. */
function orderedQueuesOf(topic: string, conf: string | undefined): MessageQueue[] | undefined {
  if (conf === undefined || conf === '') return undefined
  return conf.split(';').flatMap((part) => {
    const [brokerName = '', count = '0'] = part.split(':')
    return queues(topic, brokerName, Number(count) || 0)
  })
}

const queues = (topic: string, brokerName: string, count: number): MessageQueue[] =>
  Array.from({ length: count }, (_, queueId) => ({ topic, brokerName, queueId }))
