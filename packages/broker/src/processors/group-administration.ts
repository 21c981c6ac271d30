import { checkGroup, dlqTopic, retryTopic } from '@rockhopper/message'
import {
  ConsumerConnection,
  ConsumeStats,
  GroupList,
  ok,
  type Processors,
  ProducerConnection,
  ProducerTableInfo,
  QuerySubscriptionResponseBody,
  type RequestHeader,
  ResponseCode,
  refuse,
  SubscriptionGroupConfig,
  SubscriptionGroupList,
  SubscriptionGroupWrapper,
  TopicList,
} from '@rockhopper/remoting'
import { alterGroupAttributes } from '../attributes.js'
import { addressOf, type ClientChannel } from '../client-channel.js'
import type { ConsumerGroup } from '../consumers.js'
import type { BrokerParts } from '../parts.js'

/** Codes 200, 225, 201, 352, 207, 203, 204, 328, 208, 300, 343 and 345. */
export function groupAdministration(parts: BrokerParts): Processors {
  return { ...groupConfigs(parts), ...groupMembers(parts) }
}

function groupConfigs({ groups, offsets, store, topics }: BrokerParts): Processors {
  const putAll = async (configs: readonly SubscriptionGroupConfig[]) => {
    const illegal = configs.map(({ groupName }) => checkGroup(groupName)).find((why) => why !== undefined)
    if (illegal !== undefined) return refuse(ResponseCode.INVALID_PARAMETER, illegal)
    const altered: SubscriptionGroupConfig[] = []
    for (const config of configs) {
      const change = alterGroupAttributes(groups.get(config.groupName)?.attributes, config.attributes)
      if ('reason' in change) return refuse(ResponseCode.INVALID_PARAMETER, change.reason)
      altered.push({ ...config, attributes: change.value })
    }
    for (const config of altered) await groups.put(config)
    return ok()
  }
  return {
    UPDATE_AND_CREATE_SUBSCRIPTIONGROUP: (_header, { body }) =>
      putAll([SubscriptionGroupConfig.decode(body)]),
    UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST: (_header, { body }) =>
      putAll(SubscriptionGroupList.decode(body).groupConfigList),
    GET_ALL_SUBSCRIPTIONGROUP_CONFIG: ({ groupSeq, maxGroupNum }) => {
      const all = [...groups.entries]
      const page = groupSeq === undefined ? all : all.slice(groupSeq, groupSeq + (maxGroupNum ?? PAGE_SIZE))
      const { dataVersion, forbiddenTable } = groups
      const body = { dataVersion, forbiddenTable, subscriptionGroupTable: new Map(page) }
      return ok({ totalGroupNum: all.length }, SubscriptionGroupWrapper.encode(body))
    },
    GET_SUBSCRIPTIONGROUP_CONFIG: async ({ group }) => {
      const config = await groups.findOrCreate(group)
      if (config !== undefined) return ok({}, SubscriptionGroupConfig.encode(config))
      return refuse(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, `No group in this broker. group: ${group}`)
    },
    DELETE_SUBSCRIPTIONGROUP: async ({ cleanOffset, groupName }) => {
      await groups.delete(groupName)
      if (cleanOffset === true) {
        offsets.deleteGroup(groupName)
        for (const topic of [retryTopic(groupName), dlqTopic(groupName)]) {
          if (await topics.delete(topic)) await store.deleteTopic(topic)
        }
      }
      return ok()
    },
  }
}

/** Apache: splitMetadataSize. */
const PAGE_SIZE = 2_000

function groupMembers(parts: BrokerParts): Processors {
  const { clock, consumers, offsets, producers } = parts
  return {
    GET_CONSUMER_CONNECTION_LIST: ({ consumerGroup }) => {
      const group = consumers.get(consumerGroup)
      if (group !== undefined) return ok({}, ConsumerConnection.encode(consumerConnection(group)))
      return refuse(ResponseCode.CONSUMER_NOT_ONLINE, `the consumer group[${consumerGroup}] not online`)
    },
    GET_PRODUCER_CONNECTION_LIST: ({ producerGroup }) => {
      const connectionSet = producers.channelsOf(producerGroup).map(clientConnection)
      if (connectionSet.length > 0) return ok({}, ProducerConnection.encode({ connectionSet }))
      return refuse(ResponseCode.SYSTEM_ERROR, `the producer group[${producerGroup}] not exist`)
    },
    GET_ALL_PRODUCER_INFO: () => {
      const toWall = clock.now() - clock.monotonic()
      const info = ({ clientId, connection, language, seenAt, version }: ClientChannel) => ({
        clientId,
        language,
        lastUpdateTimestamp: Math.round(seenAt + toWall),
        remoteIP: connection.remoteAddress,
        version,
      })
      const rows = [...producers.groups].map(
        ([name, channels]) => [name, [...channels.values()].map(info)] as const,
      )
      return ok({}, ProducerTableInfo.encode({ data: new Map(rows) }))
    },
    GET_CONSUME_STATS: (header) => consumeStats(parts, header),
    QUERY_TOPIC_CONSUME_BY_WHO: ({ topic }) => {
      const groupList = [...new Set([...consumers.groupsOfTopic(topic), ...offsets.groupsOf(topic)])]
      return ok({}, GroupList.encode({ groupList }))
    },
    QUERY_TOPICS_BY_CONSUMER: ({ group }) => ok({}, TopicList.encode({ topicList: offsets.topicsOf(group) })),
    QUERY_SUBSCRIPTION_BY_CONSUMER: ({ group, topic = '' }) => {
      const subscriptionData = consumers.get(group)?.subscriptions.get(topic)
      const body = { group, topic, ...(subscriptionData === undefined ? {} : { subscriptionData }) }
      return ok({}, QuerySubscriptionResponseBody.encode(body))
    },
  }
}

function clientConnection({ clientId, connection, language, version }: ClientChannel) {
  return { clientAddr: addressOf(connection), clientId, language, version }
}

function consumerConnection(group: ConsumerGroup): ConsumerConnection {
  return {
    connectionSet: [...group.channels.values()].map(clientConnection),
    consumeFromWhere: group.consumeFromWhere,
    consumeType: group.consumeType,
    messageModel: group.messageModel,
    subscriptionTable: group.subscriptions,
  }
}

async function consumeStats(parts: BrokerParts, header: RequestHeader<'GET_CONSUME_STATS'>) {
  const { config, offsets, store, topics } = parts
  const { consumerGroup } = header
  const listed = [header.topic ?? '', ...(header.topicList ?? '').split(';')].filter((topic) => topic !== '')
  const rows: ConsumeStats['offsetTable'][number][] = []
  for (const topic of listed.length > 0 ? listed : offsets.topicsOf(consumerGroup)) {
    const { readQueueNums = 0 } = topics.get(topic) ?? {}
    for (let queueId = 0; queueId < readQueueNums; queueId++) {
      const consumerOffset = Math.max(0, offsets.get(consumerGroup, topic, queueId) ?? 0)
      const last = consumerOffset === 0 ? 0 : await store.storeTimeOf(topic, queueId, consumerOffset - 1)
      const brokerOffset = store.maxOffset(topic, queueId)
      const stats = {
        brokerOffset,
        consumerOffset,
        lastTimestamp: Math.max(0, last),
        pullOffset: consumerOffset,
      }
      rows.push([{ brokerName: config.brokerName, queueId, topic }, stats])
    }
  }
  return ok({}, ConsumeStats.encode({ consumeTps: 0, offsetTable: rows }))
}
