import {
  decodeRecord,
  dlqTopic,
  isWriteable,
  type MessageExt,
  offsetMessageId,
  Property,
  retryTopic,
  TopicSysFlag,
} from '@rockhopper/message'
import {
  ok,
  type Reply,
  type Request,
  type RequestHeader,
  ResponseCode,
  refuse,
  type SubscriptionGroupConfig,
} from '@rockhopper/remoting'
import { flushMode, writeMessage } from '../message-writer.js'
import type { BrokerParts } from '../parts.js'
import { topicConfig } from '../system-topics.js'
import { retryLimit } from './send-message.js'

type SendBackHeader = RequestHeader<'CONSUMER_SEND_MSG_BACK'>

/**
 * Code 36: a consumer failed; try again later, or put the message to the dead letters (remoting.md section
 * 20).
 */
export function sendBackProcessors(parts: BrokerParts) {
  return {
    CONSUMER_SEND_MSG_BACK: (header: SendBackHeader, request: Request) => sendBack(parts, header, request),
  }
}

async function sendBack(
  parts: BrokerParts,
  header: SendBackHeader,
  request: Request,
): Promise<Reply<'CONSUMER_SEND_MSG_BACK'>> {
  const { config, groups, store, topics } = parts
  const group = groups.get(header.group) ?? (await groups.findOrCreate(header.group))
  if (group === undefined) {
    return refuse(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, `subscription group not exist, ${header.group}`)
  }
  if (!isWriteable(config.brokerPermission)) {
    return refuse(ResponseCode.NO_PERMISSION, `the broker[${config.brokerIP1}] sending message is forbidden`)
  }
  if (group.retryQueueNums <= 0) return ok()
  const topicSysFlag = header.unitMode === true ? TopicSysFlag.UNIT_SUB : 0
  const retryName = retryTopic(header.group)
  const retry = await topics.findOrCreate({ ...topicConfig(retryName, group.retryQueueNums), topicSysFlag })
  if (retry === undefined) return refuse(ResponseCode.SYSTEM_ERROR, `topic[${retryName}] not exist`)
  if (!isWriteable(retry.perm)) {
    return refuse(ResponseCode.NO_PERMISSION, `the topic[${retryName}] sending message is forbidden`)
  }
  const record = header.offset < 0 ? undefined : await store.lookMessageByOffset(header.offset)
  const decoded = record && decodeRecord(record, 0)
  if (!decoded?.ok)
    return refuse(ResponseCode.SYSTEM_ERROR, `look message by offset failed, ${header.offset}`)
  return putAgain(parts, header, request, group, decoded.value)
}

async function putAgain(
  parts: BrokerParts,
  header: SendBackHeader,
  { version }: Request,
  group: SubscriptionGroupConfig,
  message: MessageExt,
): Promise<Reply<'CONSUMER_SEND_MSG_BACK'>> {
  const { properties, reconsumeTimes } = message
  properties[Property.RETRY_TOPIC] ??= message.topic
  properties[Property.ORIGIN_MESSAGE_ID] ??= offsetMessageId(message.storeHost, message.physicalOffset)
  properties[Property.WAIT] = 'false'
  const limit = retryLimit(group.retryMaxTimes, header.maxReconsumeTimes, version)
  const isDead = reconsumeTimes >= limit || header.delayLevel < 0
  const topic = isDead ? dlqTopic(header.group) : retryTopic(header.group)
  if (isDead && (await parts.topics.findOrCreate(topicConfig(topic, 1))) === undefined) {
    return refuse(ResponseCode.SYSTEM_ERROR, `topic[${topic}] not exist`)
  }
  properties[Property.DELAY] = isDead
    ? '0'
    : String(header.delayLevel === 0 ? 3 + reconsumeTimes : header.delayLevel)
  const outgoing = {
    topic,
    queueId: isDead ? 0 : parts.random.int(group.retryQueueNums),
    body: message.body,
    properties,
    flag: message.flag,
    sysFlag: message.sysFlag,
    bornTimestamp: message.bornTimestamp,
    bornHost: message.bornHost,
    storeHost: parts.storeHost,
    reconsumeTimes: reconsumeTimes + 1,
    preparedTransactionOffset: 0,
  }
  // Apache stores it with setWaitStoreMsgOK(false), but a consumer moves on after this reply: it has to be
  // kept.
  const written = await writeMessage(parts, outgoing, flushMode(parts))
  if ('placed' in written) return ok()
  return refuse(written.code, written.remark)
}
