import { isRetryTopic, retryTopic } from './names.js'

/** Revive queue id of an orderly pop (Apache: KeyBuilder.POP_ORDER_REVIVE_QUEUE). */
export const POP_ORDER_REVIVE_QUEUE = 999

/** Keeps the progress of the revive queues (Apache: PopAckConstants.REVIVE_GROUP). */
export const REVIVE_GROUP = 'CID_RMQ_SYS_REVIVE_GROUP'

const V1_SEPARATOR = '_'
const V2_SEPARATOR = '+'

/** Which topic a popped message lies in: the topic itself, or the retry topic of version 1 or 2. */
export type RetryFlag = '0' | '1' | '2'

/** Checkpoints and acknowledgements of popped messages (Apache: PopAckConstants.buildClusterReviveTopic). */
export const reviveTopic = (clusterName: string): string => `rmq_sys_REVIVE_LOG_${clusterName}`

/** `%RETRY%group_topic`, or with v2 `%RETRY%group+topic` (Apache: KeyBuilder.buildPopRetryTopic). */
export function popRetryTopic(topic: string, consumerGroup: string, v2 = false): string {
  return retryTopic(consumerGroup) + (v2 ? V2_SEPARATOR : V1_SEPARATOR) + topic
}

/** Of the name of a real topic (Apache: ExtraInfoUtil.getRetry). */
export function retryFlagOf(topic: string): RetryFlag {
  if (!isRetryTopic(topic)) return '0'
  return topic.includes(V2_SEPARATOR) ? '2' : '1'
}

/** The topic a message lies in, by the flag of its receipt (Apache: ExtraInfoUtil.getRealTopic). */
export function realPopTopic(topic: string, consumerGroup: string, flag: RetryFlag): string {
  return flag === '0' ? topic : popRetryTopic(topic, consumerGroup, flag === '2')
}

/** The topic behind a retry topic of this group (Apache: KeyBuilder.parseNormalTopic). */
export function normalPopTopic(topic: string, consumerGroup: string): string {
  if (!isRetryTopic(topic)) return topic
  return topic.slice(retryTopic(consumerGroup).length + 1)
}
