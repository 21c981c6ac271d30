import { checkTopic, isRetryTopic, isWriteable, NOT_SENDABLE_TOPICS, TopicSysFlag } from '@rockhopper/message'
import { type RequestHeader, ResponseCode, type TopicConfig } from '@rockhopper/remoting'
import type { BrokerParts } from './parts.js'
import { topicConfig } from './system-topics.js'

/** One shape for codes 10, 310, 320, 324 and 325: their rows differ only in the names on the wire. */
export type SendHeader = RequestHeader<'SEND_MESSAGE'>

export interface Refusal {
  readonly code: number
  readonly remark: string
}

export const FAQ_TOPIC = 'See https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.'

/** Refusals before the topic is looked up, in Apache's order (AbstractSendMessageProcessor.msgCheck). */
export function refuseTopicName(
  parts: Pick<BrokerParts, 'config' | 'topics'>,
  topic: string,
): Refusal | undefined {
  const { config, topics } = parts
  if (!isWriteable(config.brokerPermission) && topics.get(topic)?.order === true) {
    return {
      code: ResponseCode.NO_PERMISSION,
      remark: `the broker[${config.brokerIP1}] sending message is forbidden`,
    }
  }
  const illegal = checkTopic(topic)
  if (illegal !== undefined) return { code: ResponseCode.INVALID_PARAMETER, remark: illegal }
  if (NOT_SENDABLE_TOPICS.has(topic)) {
    return { code: ResponseCode.NO_PERMISSION, remark: `Sending message to topic[${topic}] is forbidden.` }
  }
  return undefined
}

/** The topic of a send, created when it may be; the new topic is durable before this resolves. */
export async function findSendTopic(
  parts: Pick<BrokerParts, 'topics'>,
  header: SendHeader,
): Promise<TopicConfig | undefined> {
  const { topic, defaultTopic, defaultTopicQueueNums, unitMode } = header
  const retry = isRetryTopic(topic)
  const topicSysFlag = unitMode === true ? (retry ? TopicSysFlag.UNIT_SUB : TopicSysFlag.UNIT) : 0
  const found = await parts.topics.findOrInherit({ topic, defaultTopic, defaultTopicQueueNums, topicSysFlag })
  if (found !== undefined || !retry) return found
  return parts.topics.findOrCreate({ ...topicConfig(topic, 1), topicSysFlag })
}

export function refuseQueue(topic: TopicConfig, queueId: number): Refusal | undefined {
  const queueNums = Math.max(topic.readQueueNums, topic.writeQueueNums)
  // A negative one stands for any: there has to be one.
  if (queueId < 0 ? topic.writeQueueNums > 0 : queueId < queueNums) return undefined
  const remark = `request queueId[${queueId}] is illegal, topic:[${topic.topicName}] has ${queueNums} queues`
  return { code: ResponseCode.INVALID_PARAMETER, remark }
}

export function unknownTopic(topic: string): Refusal {
  return {
    code: ResponseCode.TOPIC_NOT_EXIST,
    remark: `topic[${topic}] not exist, apply first please! ${FAQ_TOPIC}`,
  }
}
