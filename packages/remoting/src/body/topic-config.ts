import {
  anyJson,
  type BodyOf,
  body,
  flag,
  i32,
  i64,
  intMapOf,
  listOf,
  mapOf,
  oneOf,
  optional,
  text,
} from '../json/shape.js'
import { DataVersion } from './data-version.js'

/** remoting.md section 33.1 (Apache: TopicConfig, with its defaults). */
export const TopicConfig = body({
  attributes: mapOf(text()),
  order: flag(),
  perm: i32(6),
  readQueueNums: i32(16),
  topicFilterType: oneOf('SINGLE_TAG', 'MULTI_TAG'),
  topicName: text(),
  topicSysFlag: i32(),
  writeQueueNums: i32(16),
})
export type TopicConfig = BodyOf<typeof TopicConfig>

export const TopicConfigList = body({ topicConfigList: listOf(TopicConfig) })
export type TopicConfigList = BodyOf<typeof TopicConfigList>

/** Codes 21 and 103; topics.json has the same members. */
export const TopicConfigSerializeWrapper = body({
  dataVersion: DataVersion,
  mappingDataVersion: optional(DataVersion),
  topicConfigTable: mapOf(TopicConfig),
  topicQueueMappingDetailMap: optional(mapOf(anyJson())),
  topicQueueMappingInfoMap: optional(mapOf(anyJson())),
})
export type TopicConfigSerializeWrapper = BodyOf<typeof TopicConfigSerializeWrapper>

/** Code 351: the topic's members, flat, and its static mapping. */
export const TopicConfigAndQueueMapping = body({
  attributes: mapOf(text()),
  mappingDetail: optional(anyJson()),
  order: flag(),
  perm: i32(6),
  readQueueNums: i32(16),
  topicFilterType: oneOf('SINGLE_TAG', 'MULTI_TAG'),
  topicName: text(),
  topicSysFlag: i32(),
  writeQueueNums: i32(16),
})
export type TopicConfigAndQueueMapping = BodyOf<typeof TopicConfigAndQueueMapping>

export const TopicList = body({ brokerAddr: optional(text()), topicList: listOf(text()) })
export type TopicList = BodyOf<typeof TopicList>

/** Code 43: consumerOffset.json. Keys are `topic@group`, then queueId. */
export const ConsumerOffsetWrapper = body({
  dataVersion: optional(DataVersion),
  offsetTable: mapOf(intMapOf(i64())),
})
export type ConsumerOffsetWrapper = BodyOf<typeof ConsumerOffsetWrapper>

/** Code 45: delayOffset.json. Keys are delay levels. */
export const DelayOffsetWrapper = body({
  dataVersion: optional(DataVersion),
  offsetTable: intMapOf(i64()),
})
export type DelayOffsetWrapper = BodyOf<typeof DelayOffsetWrapper>

/** Code 308. */
export const QueryCorrectionOffsetBody = body({ correctionOffsets: intMapOf(i64()) })
export type QueryCorrectionOffsetBody = BodyOf<typeof QueryCorrectionOffsetBody>
