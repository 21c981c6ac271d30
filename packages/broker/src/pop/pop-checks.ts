import { isReadable, SystemTopic } from '@rockhopper/message'
import { ResponseCode, type TopicConfig } from '@rockhopper/remoting'
import type { BrokerParts } from '../parts.js'
import { FAQ_TOPIC, type Refusal, unknownTopic } from '../send-checks.js'

interface Asked {
  readonly topic: string
  readonly consumerGroup: string
  readonly queueId: number
}

const HIDDEN_TOPICS: ReadonlySet<string> = new Set([SystemTopic.TRANS_HALF, SystemTopic.TRANS_OP_HALF])

/** What codes 200050, 200054 and 200055 have in common. An unknown group is made, when groups may be. */
export async function refusePop(
  { groups, topics }: Pick<BrokerParts, 'groups' | 'topics'>,
  { consumerGroup, queueId, topic }: Asked,
): Promise<TopicConfig | Refusal> {
  const config = topics.get(topic)
  if (config === undefined) return unknownTopic(topic)
  if (!isReadable(config.perm) || HIDDEN_TOPICS.has(topic)) {
    return { code: ResponseCode.NO_PERMISSION, remark: `the topic[${topic}] peeking message is forbidden` }
  }
  if (queueId >= config.readQueueNums) {
    const remark = illegalQueue(topic, queueId, config)
    return { code: ResponseCode.INVALID_PARAMETER, remark }
  }
  const group = groups.get(consumerGroup) ?? (await groups.findOrCreate(consumerGroup))
  if (group === undefined) {
    const remark = `subscription group [${consumerGroup}] does not exist, ${FAQ_TOPIC}`
    return { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark }
  }
  if (group.consumeEnable) return config
  return {
    code: ResponseCode.NO_PERMISSION,
    remark: `subscription group no permission, ${consumerGroup}`,
  }
}

/** The queue that an acknowledgement names must be one of the topic. */
export function refuseAckQueue(
  { topics }: Pick<BrokerParts, 'topics'>,
  { queueId, topic }: Pick<Asked, 'queueId' | 'topic'>,
): Refusal | undefined {
  const config = topics.get(topic)
  if (config === undefined) return unknownTopic(topic)
  if (queueId >= 0 && queueId < config.readQueueNums) return undefined
  const remark = illegalQueue(topic, queueId, config)
  return { code: ResponseCode.MESSAGE_ILLEGAL, remark }
}

function illegalQueue(topic: string, queueId: number, { readQueueNums }: TopicConfig): string {
  return `queueId[${queueId}] is illegal, topic:[${topic}] topicConfig.readQueueNums:[${readQueueNums}]`
}
