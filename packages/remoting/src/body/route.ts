import {
  anyJson,
  type BodyOf,
  body,
  flag,
  i32,
  intMapOf,
  listOf,
  mapOf,
  optional,
  text,
} from '../json/shape.js'

/** One broker name: its master (id 0) and slaves, `host:port` by broker id. */
export const BrokerData = body({
  brokerAddrs: intMapOf(text()),
  brokerName: text(),
  cluster: text(''),
  enableActingMaster: flag(),
  zoneName: optional(text()),
})
export type BrokerData = BodyOf<typeof BrokerData>

export const QueueData = body({
  brokerName: text(),
  perm: i32(),
  readQueueNums: i32(),
  topicSysFlag: i32(),
  writeQueueNums: i32(),
})
export type QueueData = BodyOf<typeof QueueData>

/**
 * Code 105 (remoting.md section 15). Encode with `{standard: true}` for requests from version 401 on or with
 * acceptStandardJsonOnly, with `{rawIntegerKeys: true}` to answer others as Apache does.
 */
export const TopicRouteData = body({
  brokerDatas: listOf(BrokerData),
  filterServerTable: mapOf(listOf(text())),
  orderTopicConf: optional(text()),
  queueDatas: listOf(QueueData),
  topicQueueMappingByBroker: optional(mapOf(anyJson())),
})
export type TopicRouteData = BodyOf<typeof TopicRouteData>

/** Code 106. */
export const ClusterInfo = body({
  brokerAddrTable: mapOf(BrokerData),
  clusterAddrTable: mapOf(listOf(text())),
})
export type ClusterInfo = BodyOf<typeof ClusterInfo>

/** Code 901. */
export const BrokerMemberGroupBody = body({
  brokerMemberGroup: body({ brokerAddrs: intMapOf(text()), brokerName: text(), cluster: text('') }),
})
export type BrokerMemberGroupBody = BodyOf<typeof BrokerMemberGroupBody>

/** Codes 219 and 103. */
export const KVTable = body({ table: mapOf(text()) })
export type KVTable = BodyOf<typeof KVTable>
