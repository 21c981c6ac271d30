import {
  anyJson,
  type BodyOf,
  body,
  double,
  flag,
  i32,
  i64,
  listOf,
  mapOf,
  objectMapOf,
  oneOf,
  optional,
  text,
} from '../json/shape.js'
import { SubscriptionData } from './heartbeat.js'
import { MessageQueue } from './message-queue.js'

/** Code 202. */
export const TopicStatsTable = body({
  offsetTable: objectMapOf(
    MessageQueue,
    body({ lastUpdateTimestamp: i64(), maxOffset: i64(), minOffset: i64() }),
  ),
  topicPutTps: double(),
})
export type TopicStatsTable = BodyOf<typeof TopicStatsTable>

/** Code 208. */
export const ConsumeStats = body({
  consumeTps: double(),
  offsetTable: objectMapOf(
    MessageQueue,
    body({ brokerOffset: i64(), consumerOffset: i64(), lastTimestamp: i64(), pullOffset: i64() }),
  ),
})
export type ConsumeStats = BodyOf<typeof ConsumeStats>

/** Code 317. */
export const ConsumeStatsList = body({
  brokerAddr: optional(text()),
  consumeStatsList: listOf(mapOf(listOf(ConsumeStats))),
  totalDiff: i64(),
  totalInflightDiff: i64(),
})
export type ConsumeStatsList = BodyOf<typeof ConsumeStatsList>

/** Codes 220 and 222 (remoting.md section 23). */
export const ResetOffsetBody = body({ offsetTable: objectMapOf(MessageQueue, i64()) })
export type ResetOffsetBody = BodyOf<typeof ResetOffsetBody>

/** Code 220 to a client in C++. */
export const ResetOffsetBodyForC = body({
  offsetTable: listOf(body({ brokerName: text(), offset: i64(), queueId: i32(), topic: text() })),
})
export type ResetOffsetBodyForC = BodyOf<typeof ResetOffsetBodyForC>

/** Codes 221 and 223. */
export const GetConsumerStatusBody = body({
  consumerTable: mapOf(objectMapOf(MessageQueue, i64())),
  messageQueueTable: objectMapOf(MessageQueue, i64()),
})
export type GetConsumerStatusBody = BodyOf<typeof GetConsumerStatusBody>

/** Code 303. */
export const QueryConsumeTimeSpanBody = body({
  consumeTimeSpanSet: listOf(
    body({
      consumeTimeStamp: i64(),
      consumeTimeStampStr: optional(text()),
      delayTime: i64(),
      maxTimeStamp: i64(),
      maxTimeStampStr: optional(text()),
      messageQueue: MessageQueue,
      minTimeStamp: i64(),
      minTimeStampStr: optional(text()),
    }),
  ),
})
export type QueryConsumeTimeSpanBody = BodyOf<typeof QueryConsumeTimeSpanBody>

/** Code 309. */
export const ConsumeMessageDirectlyResult = body({
  autoCommit: flag(true),
  consumeResult: oneOf(
    'CR_RETURN_NULL',
    'CR_SUCCESS',
    'CR_LATER',
    'CR_ROLLBACK',
    'CR_COMMIT',
    'CR_THROW_EXCEPTION',
  ),
  order: flag(),
  remark: optional(text()),
  spentTimeMills: i64(),
})
export type ConsumeMessageDirectlyResult = BodyOf<typeof ConsumeMessageDirectlyResult>

/** One queue a consumer works on; `droped` is Apache's spelling. */
export const ProcessQueueInfo = body({
  cachedMsgCount: i32(),
  cachedMsgMaxOffset: i64(),
  cachedMsgMinOffset: i64(),
  cachedMsgSizeInMiB: i32(),
  commitOffset: i64(),
  droped: flag(),
  lastConsumeTimestamp: i64(),
  lastLockTimestamp: i64(),
  lastPullTimestamp: i64(),
  locked: flag(),
  transactionMsgCount: i32(),
  transactionMsgMaxOffset: i64(),
  transactionMsgMinOffset: i64(),
  tryUnlockTimes: i64(),
})
export type ProcessQueueInfo = BodyOf<typeof ProcessQueueInfo>

/** Code 307. */
export const ConsumerRunningInfo = body({
  jstack: optional(text()),
  mqPopTable: objectMapOf(MessageQueue, anyJson()),
  mqTable: objectMapOf(MessageQueue, ProcessQueueInfo),
  properties: mapOf(text()),
  statusTable: mapOf(
    body({
      consumeFailedMsgs: i64(),
      consumeFailedTPS: double(),
      consumeOKTPS: double(),
      consumeRT: double(),
      pullRT: double(),
      pullTPS: double(),
    }),
  ),
  subscriptionSet: listOf(SubscriptionData),
  userConsumerInfo: mapOf(text()),
})
export type ConsumerRunningInfo = BodyOf<typeof ConsumerRunningInfo>

/** Code 321. */
export const QueryConsumeQueueResponseBody = body({
  filterData: optional(text()),
  maxQueueIndex: i64(),
  minQueueIndex: i64(),
  queueData: listOf(
    body({
      bitMap: optional(text()),
      eval: flag(),
      extendDataJson: optional(text()),
      msg: optional(text()),
      physicOffset: i64(),
      physicSize: i32(),
      tagsCode: i64(),
    }),
  ),
  subscriptionData: optional(SubscriptionData),
})
export type QueryConsumeQueueResponseBody = BodyOf<typeof QueryConsumeQueueResponseBody>
