/** Topic and group names: limits, retry and dead-letter names, and the names the system keeps for itself. */

/** Longest topic name of an application (Apache: Validators.TOPIC_MAX_LENGTH). */
export const TOPIC_LENGTH_MAX = 127
/** Longest name of a retry or dead-letter topic (Apache: TopicValidator.RETRY_OR_DLQ_TOPIC_MAX_LENGTH). */
export const RETRY_TOPIC_LENGTH_MAX = 255
/** Longest group name (Apache: TopicValidator.GROUP_MAX_LENGTH), so that %RETRY%group fits 127. */
export const GROUP_LENGTH_MAX = 120

const RETRY_PREFIX = '%RETRY%'
const DLQ_PREFIX = '%DLQ%'
const SYSTEM_TOPIC_PREFIX = 'rmq_sys_'
const SYSTEM_GROUP_PREFIX = 'CID_RMQ_SYS_'
const LEGAL_NAME = /^[%|a-zA-Z0-9_-]+$/

export const SystemTopic = {
  AUTO_CREATE: 'TBW102',
  SCHEDULE: 'SCHEDULE_TOPIC_XXXX',
  BENCHMARK: 'BenchmarkTest',
  TRANS_HALF: 'RMQ_SYS_TRANS_HALF_TOPIC',
  TRANS_OP_HALF: 'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  TRANS_CHECK_MAX_TIME: 'TRANS_CHECK_MAX_TIME_TOPIC',
  TRACE: 'RMQ_SYS_TRACE_TOPIC',
  SELF_TEST: 'SELF_TEST_TOPIC',
  OFFSET_MOVED: 'OFFSET_MOVED_EVENT',
  TIMER: 'rmq_sys_wheel_timer',
} as const

const SYSTEM_TOPICS: ReadonlySet<string> = new Set(Object.values(SystemTopic))

/** Topics no client may send to: answered with 16 (remoting.md section 9.2). */
export const NOT_SENDABLE_TOPICS: ReadonlySet<string> = new Set([
  SystemTopic.SCHEDULE,
  SystemTopic.TRANS_HALF,
  SystemTopic.TRANS_OP_HALF,
  SystemTopic.TRANS_CHECK_MAX_TIME,
  SystemTopic.SELF_TEST,
  SystemTopic.OFFSET_MOVED,
])

/** Groups every broker knows from the start (Apache: MixAll, SubscriptionGroupManager.init). */
export const SYSTEM_GROUPS: ReadonlySet<string> = new Set([
  'DEFAULT_PRODUCER',
  'DEFAULT_CONSUMER',
  'TOOLS_CONSUMER',
  'SCHEDULE_CONSUMER',
  'FILTERSRV_CONSUMER',
  '__MONITOR_CONSUMER',
  'CLIENT_INNER_PRODUCER',
  'SELF_TEST_P_GROUP',
  'SELF_TEST_C_GROUP',
  'CID_ONS-HTTP-PROXY',
  'CID_ONSAPI_PERMISSION',
  'CID_ONSAPI_OWNER',
  'CID_ONSAPI_PULL',
  'CID_RMQ_SYS_TRANS',
])

export const retryTopic = (consumerGroup: string): string => RETRY_PREFIX + consumerGroup
export const dlqTopic = (consumerGroup: string): string => DLQ_PREFIX + consumerGroup
export const isRetryTopic = (topic: string): boolean => topic.startsWith(RETRY_PREFIX)
export const isDlqTopic = (topic: string): boolean => topic.startsWith(DLQ_PREFIX)
/** The group of a retry or dead-letter topic, or undefined for any other topic. */
export function groupOfTopic(topic: string): string | undefined {
  if (isRetryTopic(topic)) return topic.slice(RETRY_PREFIX.length)
  if (isDlqTopic(topic)) return topic.slice(DLQ_PREFIX.length)
  return undefined
}
/** Where brokers park replies for a cluster (Apache: MixAll.getReplyTopic, `CLUSTER_REPLY_TOPIC`). */
export const replyTopic = (clusterName: string): string => `${clusterName}_REPLY_TOPIC`

export const isSystemTopic = (topic: string): boolean =>
  SYSTEM_TOPICS.has(topic) || topic.startsWith(SYSTEM_TOPIC_PREFIX)
export const isSystemGroup = (group: string): boolean =>
  SYSTEM_GROUPS.has(group) || group.startsWith(SYSTEM_GROUP_PREFIX)

/** Undefined when the name may be used, else why not, in the words of Apache's TopicValidator. */
export function checkTopic(topic: string): string | undefined {
  if (topic.trim() === '') return 'The specified topic is blank.'
  if (!LEGAL_NAME.test(topic)) {
    return 'The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$'
  }
  const lengthMax = groupOfTopic(topic) === undefined ? TOPIC_LENGTH_MAX : RETRY_TOPIC_LENGTH_MAX
  if (topic.length > lengthMax) return 'The specified topic is longer than topic max length.'
  return undefined
}

/** Undefined when the name may be used, else why not. */
export function checkGroup(group: string): string | undefined {
  if (group.trim() === '') return 'The specified group is blank.'
  if (!LEGAL_NAME.test(group)) {
    return 'The specified group contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$'
  }
  if (group.length > GROUP_LENGTH_MAX) return 'The specified group is longer than group max length.'
  return undefined
}
