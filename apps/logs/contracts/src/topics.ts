import type { TopicPlan, TopicsPlan } from '@rockhopper/service'

/** Topics of the log pipeline. Bodies of `log_topic` are NDJSON, made by `@rockhopper/log-transport`. */
export const Topic = {
  LOG: 'log_topic',
  /** Lines that a sink refuses for good, one a message, with the reason as a property. */
  LOG_REFUSED: 'log_refused_topic',
} as const

export const LOG_TOPICS: readonly TopicPlan[] = [
  { topic: Topic.LOG, queues: 4 },
  { topic: Topic.LOG_REFUSED, queues: 1 },
]

/** One group for each reason to read the lines. */
export const Group = {
  STORAGE_LOCAL: 'log_storage_local',
  STORAGE_HDFS: 'log_storage_hdfs',
  STORAGE_ELASTICSEARCH: 'log_storage_elasticsearch',
  ANALYTICS: 'log_analytics',
  LIVE: 'log_live',
} as const

/** What the services need of a broker. The file says the same to who runs them: a test compares the two. */
export const LOGS_PLAN: TopicsPlan = {
  file: 'apps/logs/topics.yaml',
  topics: LOG_TOPICS,
  groups: Object.values(Group),
}
