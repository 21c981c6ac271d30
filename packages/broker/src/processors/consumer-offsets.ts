import { ok, type Reply, type RequestHeader, ResponseCode, refuse } from '@rockhopper/remoting'
import type { BrokerParts } from '../parts.js'
import { FAQ_TOPIC } from '../send-checks.js'

/** Codes 14, 15, 29 to 32 (remoting.md section 18) and 314. */
export function offsetProcessors(parts: BrokerParts) {
  const { store } = parts
  return {
    QUERY_CONSUMER_OFFSET: (header: RequestHeader<'QUERY_CONSUMER_OFFSET'>) => queryOffset(parts, header),
    UPDATE_CONSUMER_OFFSET: (header: RequestHeader<'UPDATE_CONSUMER_OFFSET'>) => updateOffset(parts, header),
    SEARCH_OFFSET_BY_TIMESTAMP: async (header: RequestHeader<'SEARCH_OFFSET_BY_TIMESTAMP'>) => {
      const { topic, queueId, timestamp, boundaryType } = header
      return ok({ offset: await store.offsetByTimestamp(topic, queueId, timestamp, boundaryType ?? 'LOWER') })
    },
    CLONE_GROUP_OFFSET: (header: RequestHeader<'CLONE_GROUP_OFFSET'>) => cloneOffsets(parts, header),
    GET_MAX_OFFSET: ({ topic, queueId }: RequestHeader<'GET_MAX_OFFSET'>) =>
      ok({ offset: store.maxOffset(topic, queueId) }),
    GET_MIN_OFFSET: ({ topic, queueId }: RequestHeader<'GET_MIN_OFFSET'>) =>
      ok({ offset: store.minOffset(topic, queueId) }),
    GET_EARLIEST_MSG_STORETIME: async ({ topic, queueId }: RequestHeader<'GET_EARLIEST_MSG_STORETIME'>) =>
      ok({ timestamp: await store.earliestMessageTime(topic, queueId) }),
  }
}

function queryOffset(
  { offsets, store }: BrokerParts,
  header: RequestHeader<'QUERY_CONSUMER_OFFSET'>,
): Reply<'QUERY_CONSUMER_OFFSET'> {
  const { consumerGroup, topic, queueId, setZeroIfNotFound } = header
  const offset = offsets.get(consumerGroup, topic, queueId)
  if (offset !== undefined && offset >= 0) return ok({ offset })
  // A new group on a young queue reads it from its beginning, whatever its consumeFromWhere says.
  const isYoung = store.minOffset(topic, queueId) <= 0 && fitsMemory(store, topic, queueId)
  if (isYoung && setZeroIfNotFound !== false) return ok({ offset: 0 })
  return refuse(ResponseCode.QUERY_NOT_FOUND, 'Not found, maybe this group consumer boot first')
}

/**
 * An empty queue counts as in memory too (Apache: checkInDiskByConsumeOffset is false for a missing entry).
 */
function fitsMemory(store: BrokerParts['store'], topic: string, queueId: number): boolean {
  return store.maxOffset(topic, queueId) === 0 || store.inMemory(topic, queueId, 0)
}

function updateOffset(parts: BrokerParts, header: RequestHeader<'UPDATE_CONSUMER_OFFSET'>) {
  const { config, groups, offsets, topics } = parts
  const { consumerGroup, topic, queueId, commitOffset } = header
  if (groups.get(consumerGroup) === undefined) {
    return refuse(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, `Group ${consumerGroup} not exist!`)
  }
  if (topics.get(topic) === undefined) {
    return refuse(ResponseCode.TOPIC_NOT_EXIST, `Topic ${topic} not exist! ${FAQ_TOPIC}`)
  }
  if (queueId < 0 || commitOffset < 0) {
    return refuse(
      ResponseCode.INVALID_PARAMETER,
      `queueId ${queueId} or commitOffset ${commitOffset} is negative`,
    )
  }
  if (config.useServerSideResetOffset && offsets.hasReset(consumerGroup, topic, queueId)) {
    return ok({}, undefined, 'Offset has been previously reset')
  }
  if (offsets.commit(consumerGroup, topic, queueId, commitOffset)) return ok()
  return refuse(ResponseCode.SYSTEM_ERROR, 'the table of consumer offsets is full')
}

/**
 * Gives a group the offsets of another (Apache: AdminBrokerProcessor.cloneGroupOffset), of all its topics
 * or of one. Unlike Apache, which then clones nothing, no topic means all; a group whose members are
 * online and do not subscribe to a topic has no offsets there, unless `offline`.
 */
function cloneOffsets(
  { consumers, offsets, topics }: BrokerParts,
  { destGroup, offline, srcGroup, topic }: RequestHeader<'CLONE_GROUP_OFFSET'>,
) {
  const subscriptions = consumers.get(srcGroup)?.subscriptions
  const isLeft = (name: string) =>
    offline !== true && subscriptions !== undefined && subscriptions.size > 0 && !subscriptions.has(name)
  const named = topic === undefined || topic.trim() === '' ? offsets.topicsOf(srcGroup) : [topic]
  const cloned = named.filter((name) => topics.get(name) !== undefined && !isLeft(name))
  const done = cloned.every((name) => offsets.clone(srcGroup, destGroup, name))
  return done ? ok() : refuse(ResponseCode.SYSTEM_ERROR, 'the table of consumer offsets is full')
}
