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
  oneOf,
  optional,
  text,
} from '../json/shape.js'
import { DataVersion } from './data-version.js'

/** How long a group waits between retries (Apache: GroupRetryPolicy). */
export const GroupRetryPolicy = body({
  customizedRetryPolicy: optional(body({ next: listOf(i64()) })),
  exponentialRetryPolicy: optional(body({ initial: i64(5_000), max: i64(7_200_000), multiplier: i64(2) })),
  type: oneOf('CUSTOMIZED', 'EXPONENTIAL'),
})
export type GroupRetryPolicy = BodyOf<typeof GroupRetryPolicy>

const CUSTOMIZED: GroupRetryPolicy = { type: 'CUSTOMIZED' }

/** remoting.md section 33.1 (Apache: SubscriptionGroupConfig, with its defaults). */
export const SubscriptionGroupConfig = body({
  attributes: mapOf(text()),
  brokerId: i64(),
  consumeBroadcastEnable: flag(true),
  consumeEnable: flag(true),
  consumeFromMinEnable: flag(true),
  consumeMessageOrderly: flag(),
  consumeTimeoutMinute: i32(15),
  groupName: text(),
  groupRetryPolicy: {
    ...GroupRetryPolicy,
    read: (json, path) =>
      json === undefined || json === null ? CUSTOMIZED : GroupRetryPolicy.read(json, path),
  } as typeof GroupRetryPolicy,
  groupSysFlag: i32(),
  notifyConsumerIdsChangedEnable: flag(true),
  retryMaxTimes: i32(16),
  retryQueueNums: i32(1),
  subscriptionDataSet: optional(listOf(anyJson())),
  whichBrokerWhenConsumeSlowly: i64(1),
})
export type SubscriptionGroupConfig = BodyOf<typeof SubscriptionGroupConfig>

/** Code 225. */
export const SubscriptionGroupList = body({ groupConfigList: listOf(SubscriptionGroupConfig) })
export type SubscriptionGroupList = BodyOf<typeof SubscriptionGroupList>

/** Code 201; subscriptionGroup.json has the same members. */
export const SubscriptionGroupWrapper = body({
  dataVersion: DataVersion,
  forbiddenTable: mapOf(mapOf(i32())),
  subscriptionGroupTable: mapOf(SubscriptionGroupConfig),
})
export type SubscriptionGroupWrapper = BodyOf<typeof SubscriptionGroupWrapper>

export const GroupList = body({ groupList: listOf(text()) })
export type GroupList = BodyOf<typeof GroupList>

/** Code 315. */
const BrokerStatsItem = body({ avgpt: double(), sum: i64(), tps: double() })
export const BrokerStatsData = body({
  statsDay: BrokerStatsItem,
  statsHour: BrokerStatsItem,
  statsMinute: BrokerStatsItem,
})
export type BrokerStatsData = BodyOf<typeof BrokerStatsData>
