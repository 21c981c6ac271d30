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
import type { BrokerParts } from '../parts.js'
import { FAQ_TOPIC } from '../send-checks.js'
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
  let subscriptionWanted = false
  for (const consumer of data.consumerDataSet) {
    // A new group is written to disk first: the client may have gone, with a thousand more to come.
    if (connection.closed) break
    if (parts.config.rejectPullConsumerEnable && consumer.consumeType === 'CONSUME_ACTIVELY') continue
    if (await registerConsumer(parts, identity, data, consumer)) subscriptionWanted = true
  }
  if (!connection.closed) {
    for (const { groupName } of data.producerDataSet) parts.producers.register(groupName, identity)
  }
  // Without a fingerprint Apache answers true: the client does not read it then.
  const isSubChange = data.heartbeatFingerprint === 0 || subscriptionWanted
  return ok({ IS_SUPPORT_HEART_BEAT_V2: true, IS_SUB_CHANGE: isSubChange })
}

/** True when the client left its subscriptions out and this broker does not know them as they are now. */
async function registerConsumer(
  parts: BrokerParts,
  identity: ClientIdentity,
  data: HeartbeatData,
  consumer: ConsumerData,
): Promise<boolean> {
  const { groupName, unitMode } = consumer
  const group = parts.groups.get(groupName) ?? (await parts.groups.findOrCreate(groupName))
  if (group === undefined) return false
  const topic = retryTopic(groupName)
  if (group.retryQueueNums > 0 && parts.topics.get(topic) === undefined) {
    const topicSysFlag = unitMode ? TopicSysFlag.UNIT_SUB : 0
    await parts.topics.findOrCreate({ ...topicConfig(topic, group.retryQueueNums), topicSysFlag })
  }
  // The client may have gone while the topic was written.
  if (identity.connection.closed) return false
  const fingerprint = data.heartbeatFingerprint
  const known = parts.consumers.get(groupName)
  const unknown = data.withoutSub && (known === undefined || known.fingerprint !== fingerprint)
  const subscriptions = data.withoutSub ? undefined : consumer.subscriptionDataSet
  const notify = group.notifyConsumerIdsChangedEnable && parts.config.notifyConsumerIdsChangedEnable
  parts.consumers.register(identity, consumer, { subscriptions, fingerprint, notify })
  return unknown
}

function checkClientConfig({ config }: BrokerParts, { body }: Request): Reply<'CHECK_CLIENT_CONFIG'> {
  const type = CheckClientRequestBody.decode(body).subscriptionData.expressionType
  if (type === '' || type === 'TAG') return ok()
  const why = config.enablePropertyFilter
    ? 'this broker has no SQL92 filter yet'
    : 'enablePropertyFilter is false'
  return refuse(
    ResponseCode.SYSTEM_ERROR,
    `The broker does not support consumer to filter message by ${type}: ${why}. ${FAQ_TOPIC}`,
  )
}
