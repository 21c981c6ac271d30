import { isSystemTopic, PermName, replyTopic, reviveTopic, SystemTopic } from '@rockhopper/message'
import type { TopicConfig } from '@rockhopper/remoting'
import type { BrokerConfig } from './config.js'

const READ_WRITE = PermName.READ | PermName.WRITE

export function topicConfig(topicName: string, queueNums: number, perm: number = READ_WRITE): TopicConfig {
  return {
    attributes: new Map(),
    order: false,
    perm,
    readQueueNums: queueNums,
    topicFilterType: 'SINGLE_TAG',
    topicName,
    topicSysFlag: 0,
    writeQueueNums: queueNums,
  }
}

/**
 * Topics every broker has (store-format.md section 12; Apache: TopicConfigManager.init). They make the first
 * registration one of many topics, which name servers require (remoting.md section 16.4).
 */
export function systemTopics(config: BrokerConfig, delayLevelCount: number): TopicConfig[] {
  const { brokerClusterName, brokerName } = config
  const perm = (enabled: boolean) => PermName.INHERIT | (enabled ? READ_WRITE : 0)
  const topics = [
    topicConfig(SystemTopic.SELF_TEST, 1),
    topicConfig(SystemTopic.BENCHMARK, 1024),
    topicConfig(brokerClusterName, 16, perm(config.clusterTopicEnable)),
    topicConfig(brokerName, 1, perm(config.brokerTopicEnable)),
    topicConfig(SystemTopic.OFFSET_MOVED, 1),
    topicConfig(SystemTopic.SCHEDULE, delayLevelCount),
    topicConfig(replyTopic(brokerClusterName), 1),
    topicConfig(reviveTopic(brokerClusterName), config.reviveQueueNum),
    topicConfig(`rmq_sys_SYNC_BROKER_MEMBER_${brokerName}`, 1, PermName.INHERIT),
    topicConfig(SystemTopic.TRANS_HALF, 1),
    topicConfig(SystemTopic.TRANS_OP_HALF, 1),
    topicConfig(SystemTopic.TIMER, 1),
  ]
  if (config.autoCreateTopicEnable) {
    topics.push(
      topicConfig(SystemTopic.AUTO_CREATE, config.defaultTopicQueueNums, READ_WRITE | PermName.INHERIT),
    )
  }
  if (config.traceTopicEnable) topics.push(topicConfig(config.msgTraceTopicName, 1))
  return topics
}

/** A topic the broker keeps for itself: clients may neither create nor delete it. */
export function isBrokerTopic(config: BrokerConfig, topic: string): boolean {
  const { brokerClusterName, brokerName } = config
  return (
    isSystemTopic(topic) || [brokerClusterName, brokerName, replyTopic(brokerClusterName)].includes(topic)
  )
}
