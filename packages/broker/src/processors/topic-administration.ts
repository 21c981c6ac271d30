import { checkTopic } from '@rockhopper/message'
import {
  type MessageQueue,
  ok,
  type Processors,
  type RequestHeader,
  ResponseCode,
  refuse,
  type TopicConfig,
  TopicConfigAndQueueMapping,
  TopicConfigList,
  TopicConfigSerializeWrapper,
  TopicList,
  TopicStatsTable,
} from '@rockhopper/remoting'
import { alterAttributes } from '../attributes.js'
import { refusedByDisk } from '../disk-refusal.js'
import type { BrokerParts } from '../parts.js'
import type { Refusal } from '../send-checks.js'
import { isBrokerTopic, systemTopics } from '../system-topics.js'

const QUEUES_MAX = 65_536

/** Codes 17, 18, 21, 351, 215, 202 and 305 (remoting.md section 33.2). */
export function topicAdministration(parts: BrokerParts): Processors {
  const { config, delayLevels, offsets, store, topics } = parts
  return {
    UPDATE_AND_CREATE_TOPIC: async (header) => {
      const made = topicOf(parts, header)
      if ('code' in made) return refuse(made.code, made.remark)
      await topics.put(made)
      return ok()
    },
    UPDATE_AND_CREATE_TOPIC_LIST: async (_header, { body }) => {
      const { topicConfigList } = TopicConfigList.decode(body)
      const illegal = topicConfigList
        .map((given) => refuseTopic(parts, given))
        .find((why) => why !== undefined)
      if (illegal !== undefined) return refuse(illegal.code, illegal.remark)
      for (const given of topicConfigList) await topics.put(given)
      return ok()
    },
    GET_ALL_TOPIC_CONFIG: ({ maxTopicNum, topicSeq }) => {
      const all = [...topics.entries]
      const page = topicSeq === undefined ? all : all.slice(topicSeq, topicSeq + (maxTopicNum ?? PAGE_SIZE))
      const body = { dataVersion: topics.dataVersion, topicConfigTable: new Map(page) }
      return ok({ totalTopicNum: all.length }, TopicConfigSerializeWrapper.encode(body))
    },
    GET_TOPIC_CONFIG: ({ topic }) => {
      const found = topics.get(topic)
      if (found !== undefined) return ok({}, TopicConfigAndQueueMapping.encode(found))
      return refuse(ResponseCode.TOPIC_NOT_EXIST, `No topic in this broker. topic: ${topic}`)
    },
    DELETE_TOPIC_IN_BROKER: async ({ topic }) => {
      const illegal = checkTopic(topic) ?? (isBrokerTopic(config, topic) ? conflict(topic) : undefined)
      if (illegal !== undefined) return refuse(ResponseCode.INVALID_PARAMETER, illegal)
      await topics.delete(topic)
      offsets.deleteTopic(topic)
      await store.deleteTopic(topic).catch((error) => {
        throw refusedByDisk(`deleting the topic ${topic}`, error)
      })
      return ok()
    },
    GET_TOPIC_STATS_INFO: ({ topic }) => topicStats(parts, topic),
    GET_SYSTEM_TOPIC_LIST_FROM_BROKER: () => {
      const topicList = systemTopics(config, delayLevels.length).map(({ topicName }) => topicName)
      return ok({}, TopicList.encode({ topicList }))
    },
  }
}

/** Apache: splitMetadataSize. */
const PAGE_SIZE = 2_000

function topicOf(
  parts: BrokerParts,
  header: RequestHeader<'UPDATE_AND_CREATE_TOPIC'>,
): TopicConfig | Refusal {
  const before = parts.topics.get(header.topic)
  const attributes = alterAttributes(before?.attributes, header.attributes)
  if ('reason' in attributes) return { code: ResponseCode.INVALID_PARAMETER, remark: attributes.reason }
  const made: TopicConfig = {
    attributes: attributes.value,
    order: header.order,
    perm: header.perm,
    readQueueNums: header.readQueueNums,
    topicFilterType: header.topicFilterType === 'MULTI_TAG' ? 'MULTI_TAG' : 'SINGLE_TAG',
    topicName: header.topic,
    topicSysFlag: header.topicSysFlag ?? 0,
    writeQueueNums: header.writeQueueNums,
  }
  return refuseTopic(parts, made) ?? made
}

function refuseTopic({ config }: BrokerParts, made: TopicConfig): Refusal | undefined {
  const { topicName, perm, readQueueNums, writeQueueNums } = made
  const queues = [readQueueNums, writeQueueNums]
  const illegal =
    checkTopic(topicName) ??
    (isBrokerTopic(config, topicName) ? conflict(topicName) : undefined) ??
    (queues.some((count) => count < 0 || count > QUEUES_MAX)
      ? `queue numbers ${queues} are out of range`
      : undefined) ??
    (perm < 0 || perm > 15 ? `perm ${perm} is out of range` : undefined)
  return illegal === undefined ? undefined : { code: ResponseCode.INVALID_PARAMETER, remark: illegal }
}

function conflict(topic: string): string {
  return `The topic[${topic}] is conflict with system topic.`
}

async function topicStats({ config, store, topics }: BrokerParts, topic: string) {
  const found = topics.get(topic)
  if (found === undefined) return refuse(ResponseCode.TOPIC_NOT_EXIST, `topic[${topic}] not exist`)
  const { brokerName } = config
  const queueNums = Math.max(found.readQueueNums, found.writeQueueNums)
  const offsetTable = await Promise.all(
    Array.from({ length: queueNums }, async (_, queueId) => {
      const queue: MessageQueue = { brokerName, queueId, topic }
      const maxOffset = store.maxOffset(topic, queueId)
      const last = maxOffset === 0 ? 0 : await store.storeTimeOf(topic, queueId, maxOffset - 1)
      const minOffset = store.minOffset(topic, queueId)
      return [queue, { lastUpdateTimestamp: Math.max(0, last), maxOffset, minOffset }] as const
    }),
  )
  return ok({}, TopicStatsTable.encode({ offsetTable, topicPutTps: 0 }))
}
