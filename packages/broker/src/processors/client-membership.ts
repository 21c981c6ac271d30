import { retryTopic, TopicSysFlag } from '@rockhopper/message'
import {
  CheckClientRequestBody,
  type ConsumerData,
  ConsumerIdList,
  HeartbeatData,
  ok,
  type Reply,
  type Request,
  type RequestHeader,
  ResponseCode,
  refuse,
} from '@rockhopper/remoting'
import type { ClientIdentity } from '../client-channel.js'
import { isTagType } from '../filter/consumer-filters.js'
import type { BrokerParts } from '../parts.js'
import { propertyFilterOff } from '../pull-subscription.js'
import { topicConfig } from '../system-topics.js'

/** Codes 34, 35, 46 and 38: who is here, and who leaves (remoting.md sections 14 and 19). */
export function membershipProcessors(parts: BrokerParts) {
  return {
    HEART_BEAT: (_header: RequestHeader<'HEART_BEAT'>, request: Request) => heartbeat(parts, request),
    UNREGISTER_CLIENT: (header: RequestHeader<'UNREGISTER_CLIENT'>, { connection }: Request) => {
      if (header.producerGroup) parts.producers.unregister(header.producerGroup, connection)
      if (header.consumerGroup) parts.consumers.unregister(header.consumerGroup, connection)
      return ok()
    },
    CHECK_CLIENT_CONFIG: (_header: RequestHeader<'CHECK_CLIENT_CONFIG'>, request: Request) =>
      checkClientConfig(parts, request),
    GET_CONSUMER_LIST_BY_GROUP: ({ consumerGroup }: RequestHeader<'GET_CONSUMER_LIST_BY_GROUP'>) => {
      const consumerIdList = parts.consumers.clientIds(consumerGroup)
      if (consumerIdList.length > 0) return ok({}, ConsumerIdList.encode({ consumerIdList }))
      return refuse(ResponseCode.SYSTEM_ERROR, `no consumer for this group, ${consumerGroup}`)
    },
  }
}

async function heartbeat(parts: BrokerParts, request: Request): Promise<Reply<'HEART_BEAT'>> {
  const data = HeartbeatData.decode(request.body)
  const { connection, language, version } = request
  const identity: ClientIdentity = { connection, clientId: data.clientID, language, version }
  const consumers = data.consumerDataSet.filter(
    ({ consumeType }) => !(parts.config.rejectPullConsumerEnable && consumeType === 'CONSUME_ACTIVELY'),
  )
  const refused = await makeGroups(parts, consumers)
  let subscriptionWanted = false
  // The client may have gone while its groups were written.
  for (const consumer of connection.closed ? [] : consumers) {
    if (registerConsumer(parts, identity, data, consumer)) subscriptionWanted = true
  }
  if (!connection.closed) {
    for (const { groupName } of data.producerDataSet) parts.producers.register(groupName, identity)
  }
  // What is known was heard all the same: a full disk is no reason to forget the other members.
  if (refused !== undefined) throw refused
  // Without a fingerprint Apache answers true: the client does not read it then.
  const isSubChange = data.heartbeatFingerprint === 0 || subscriptionWanted
  return ok({ IS_SUPPORT_HEART_BEAT_V2: true, IS_SUB_CHANGE: isSubChange })
}

/**
 * New groups and their retry topics, all of one heartbeat in one write each. Resolves with why one of them
 * could not be made.
 */
async function makeGroups(parts: BrokerParts, consumers: readonly ConsumerData[]): Promise<unknown> {
  const { groups, topics } = parts
  const made = await Promise.allSettled(consumers.map(({ groupName }) => groups.findOrCreate(groupName)))
  const missing = consumers.flatMap(({ groupName, unitMode }) => {
    const retryQueueNums = groups.get(groupName)?.retryQueueNums ?? 0
    const topic = retryTopic(groupName)
    if (retryQueueNums <= 0 || topics.get(topic) !== undefined) return []
    return [{ ...topicConfig(topic, retryQueueNums), topicSysFlag: unitMode ? TopicSysFlag.UNIT_SUB : 0 }]
  })
  const retried = await Promise.allSettled(missing.map((topic) => topics.findOrCreate(topic)))
  return [...made, ...retried].find((result) => result.status === 'rejected')?.reason
}

/** True when the client left its subscriptions out and this broker does not know them as they are now. */
function registerConsumer(
  parts: BrokerParts,
  identity: ClientIdentity,
  data: HeartbeatData,
  consumer: ConsumerData,
): boolean {
  const { groupName } = consumer
  const group = parts.groups.get(groupName)
  if (group === undefined) return false
  const fingerprint = data.heartbeatFingerprint
  const known = parts.consumers.get(groupName)
  const unknown = data.withoutSub && (known === undefined || known.fingerprint !== fingerprint)
  const subscriptions = data.withoutSub ? undefined : consumer.subscriptionDataSet
  const notify = group.notifyConsumerIdsChangedEnable && parts.config.notifyConsumerIdsChangedEnable
  parts.consumers.register(identity, consumer, { subscriptions, fingerprint, notify })
  return unknown
}

/** Apache: ClientManageProcessor#checkClientConfig. */
function checkClientConfig(
  { compiledFilters, config }: BrokerParts,
  { body }: Request,
): Reply<'CHECK_CLIENT_CONFIG'> {
  const { expressionType, subString } = CheckClientRequestBody.decode(body).subscriptionData
  if (isTagType(expressionType)) return ok()
  if (!config.enablePropertyFilter)
    return refuse(ResponseCode.SYSTEM_ERROR, propertyFilterOff(expressionType))
  if (expressionType !== 'SQL92')
    return refuse(ResponseCode.SUBSCRIPTION_PARSE_FAILED, `unknown expression type ${expressionType}`)
  const result = compiledFilters.compile(subString)
  if (result.ok) return ok()
  return refuse(ResponseCode.SUBSCRIPTION_PARSE_FAILED, `Invalid MessageSelector. ${result.reason}`)
}
