import { describe, expect, test } from '@jest/globals'
import { MqError } from '@rockhopper/message'
import type { Body } from '../json/shape.js'
import {
  ConsumerRunningInfo,
  ConsumeStats,
  GetConsumerStatusBody,
  ResetOffsetBody,
  TopicStatsTable,
} from './consumer-progress.js'
import { HeartbeatData } from './heartbeat.js'
import {
  LockBatchRequestBody,
  LockBatchResponseBody,
  QueryAssignmentRequestBody,
  QueryAssignmentResponseBody,
} from './queue-locks.js'
import { decodeInflatedRegisterBody, RegisterBrokerBody } from './register-broker.js'
import { BrokerMemberGroupBody, ClusterInfo, KVTable, TopicRouteData } from './route.js'
import { BrokerStatsData, SubscriptionGroupConfig } from './subscription-group.js'
import { ConsumerOffsetWrapper, TopicConfig, TopicConfigSerializeWrapper, TopicList } from './topic-config.js'

const QUEUE = '{"brokerName":"broker-a","queueId":1,"topic":"T"}'
const TOPIC =
  '{"attributes":{},"order":false,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"T","topicSysFlag":0,"writeQueueNums":4}'
const LEGACY_ROUTE =
  '{"brokerDatas":[{"brokerAddrs":{0:"127.0.0.1:10911",1:"127.0.0.2:10911"},"brokerName":"broker-a","cluster":"c","enableActingMaster":false}],"filterServerTable":{},"queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}'
const CLUSTER =
  '{"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"127.0.0.1:10911",1:"127.0.0.2:10911"},"brokerName":"broker-a","cluster":"c","enableActingMaster":false}},"clusterAddrTable":{"c":["broker-a"]}}'

/** Texts of remoting.md, printed by the Java encoder. */
const GOLDEN: readonly (readonly [string, Body<never>, string])[] = [
  [
    'heartbeat',
    HeartbeatData,
    '{"clientID":"127.0.0.1@1","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY","groupName":"cg","messageModel":"CLUSTERING","subscriptionDataSet":[{"classFilterMode":false,"codeSet":[97,98],"expressionType":"TAG","subString":"a||b","subVersion":123,"tagsSet":["a","b"],"topic":"T"}],"unitMode":false}],"heartbeatFingerprint":0,"producerDataSet":[{"groupName":"pg"}],"withoutSub":false}',
  ],
  ['legacy route', TopicRouteData, LEGACY_ROUTE],
  ['cluster info', ClusterInfo, CLUSTER],
  [
    'member group',
    BrokerMemberGroupBody,
    '{"brokerMemberGroup":{"brokerAddrs":{0:"a"},"brokerName":"b","cluster":"c"}}',
  ],
  [
    'lock request',
    LockBatchRequestBody,
    `{"clientId":"cid","consumerGroup":"cg","mqSet":[${QUEUE}],"onlyThisBroker":false}`,
  ],
  ['lock response', LockBatchResponseBody, `{"lockOKMQSet":[${QUEUE}]}`],
  ['reset offset', ResetOffsetBody, `{"offsetTable":{${QUEUE}:100}}`],
  [
    'topic stats',
    TopicStatsTable,
    `{"offsetTable":{${QUEUE}:{"lastUpdateTimestamp":0,"maxOffset":3,"minOffset":0}},"topicPutTps":0.0}`,
  ],
  [
    'consume stats',
    ConsumeStats,
    `{"consumeTps":0.0,"offsetTable":{${QUEUE}:{"brokerOffset":3,"consumerOffset":0,"lastTimestamp":0,"pullOffset":0}}}`,
  ],
  ['topic config', TopicConfig, TOPIC],
  [
    'topic config wrapper',
    TopicConfigSerializeWrapper,
    `{"dataVersion":{"counter":0,"stateVersion":0,"timestamp":0},"topicConfigTable":{"T":${TOPIC}}}`,
  ],
  [
    'registration',
    RegisterBrokerBody,
    `{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":0,"stateVersion":0,"timestamp":1},"mappingDataVersion":{"counter":0,"stateVersion":0,"timestamp":1},"topicConfigTable":{"T":${TOPIC}},"topicQueueMappingDetailMap":{},"topicQueueMappingInfoMap":{}}}`,
  ],
  [
    'subscription group',
    SubscriptionGroupConfig,
    '{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"cg","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1}',
  ],
  ['topic list', TopicList, '{"topicList":["T"]}'],
  ['key values', KVTable, '{"table":{"k":"v"}}'],
  [
    'broker stats',
    BrokerStatsData,
    '{"statsDay":{"avgpt":0.0,"sum":1,"tps":0.0},"statsHour":{"avgpt":0.0,"sum":1,"tps":0.0},"statsMinute":{"avgpt":0.0,"sum":1,"tps":0.5}}',
  ],
  [
    'assignment request',
    QueryAssignmentRequestBody,
    '{"clientId":"c","consumerGroup":"cg","messageModel":"CLUSTERING","strategyName":"AVG","topic":"T"}',
  ],
  [
    'assignment response',
    QueryAssignmentResponseBody,
    '{"messageQueueAssignments":[{"messageQueue":{"brokerName":"b","queueId":-1,"topic":"T"},"mode":"POP"}]}',
  ],
  [
    'running info',
    ConsumerRunningInfo,
    `{"mqPopTable":{},"mqTable":{${QUEUE}:{"cachedMsgCount":0,"cachedMsgMaxOffset":0,"cachedMsgMinOffset":0,"cachedMsgSizeInMiB":0,"commitOffset":0,"droped":false,"lastConsumeTimestamp":0,"lastLockTimestamp":0,"lastPullTimestamp":0,"locked":false,"transactionMsgCount":0,"transactionMsgMaxOffset":0,"transactionMsgMinOffset":0,"tryUnlockTimes":0}},"properties":{"PROP_CONSUMEORDERLY":"false"},"statusTable":{"T":{"consumeFailedMsgs":0,"consumeFailedTPS":0.0,"consumeOKTPS":0.0,"consumeRT":0.0,"pullRT":0.0,"pullTPS":0.0}},"subscriptionSet":[],"userConsumerInfo":{}}`,
  ],
] as never

describe('bodies', () => {
  test.each(GOLDEN)("fastjson's text of a %s is read and written back equal", (_, codec, text) => {
    const written = codec.encode(codec.decode(Buffer.from(text)), { rawIntegerKeys: true })
    expect(written.toString()).toBe(text)
  })

  test('the standard form of a route quotes and sorts map keys and escapes what is not ASCII', () => {
    const route = TopicRouteData.decode(Buffer.from(LEGACY_ROUTE.replace('"c"', '"汉"')))
    const text = TopicRouteData.encode(route, { standard: true }).toString()
    expect(text).toContain('"brokerAddrs":{"0":"127.0.0.1:10911","1":"127.0.0.2:10911"}')
    expect(text).toContain('"cluster":"\\u6C49"')
    expect(TopicRouteData.decode(Buffer.from(text))).toEqual(route)
  })

  test('without a form integer keys are quoted: strictly valid JSON', () => {
    const table = { offsetTable: new Map([['T@g', new Map([[3, 7]])]]) }
    expect(ConsumerOffsetWrapper.encode(table).toString()).toBe('{"offsetTable":{"T@g":{"3":7}}}')
  })

  test('object keys are read raw and inside a string', () => {
    const raw = ResetOffsetBody.decode(Buffer.from(`{"offsetTable":{${QUEUE}:100}}`))
    const quoted = ResetOffsetBody.decode(Buffer.from(`{"offsetTable":{${JSON.stringify(QUEUE)}:100}}`))
    expect(raw.offsetTable).toEqual([[{ brokerName: 'broker-a', queueId: 1, topic: 'T' }, 100]])
    expect(quoted).toEqual(raw)
  })

  test('a reference to a value seen before is replaced by it', () => {
    const text = `{"consumerTable":{"cid":{${QUEUE}:5}},"messageQueueTable":{"$ref":"$.consumerTable.cid"}}`
    const status = GetConsumerStatusBody.decode(Buffer.from(text))
    expect(status.messageQueueTable).toEqual([[{ brokerName: 'broker-a', queueId: 1, topic: 'T' }, 5]])
  })

  test.each([
    ['itself', '{"messageQueueTable":{"$ref":"$.messageQueueTable"}}'],
    ['all', '{"messageQueueTable":{"$ref":"$"}}'],
    ['nothing', '{"messageQueueTable":{"$ref":"$.a.b.c"}}'],
  ])('a reference to %s is empty', (_, text) => {
    expect(GetConsumerStatusBody.decode(Buffer.from(text)).messageQueueTable).toEqual([])
  })

  test('members that are missing take the defaults of the Java class', () => {
    const config = SubscriptionGroupConfig.decode(Buffer.from('{"groupName":"g"}'))
    expect(config).toMatchObject({
      retryMaxTimes: 16,
      consumeEnable: true,
      whichBrokerWhenConsumeSlowly: 1,
      groupRetryPolicy: { type: 'CUSTOMIZED' },
    })
  })

  test.each([
    ['no bytes', ''],
    ['no object', '[]'],
    ['a missing name', '{"perm":6}'],
    ['a number with a fraction', '{"topicName":"T","perm":1.5}'],
    ['an i32 that is too large', '{"topicName":"T","perm":2147483648}'],
    ['text behind the value', '{"topicName":"T"}x'],
  ])('%s is refused with BODY_ILLEGAL', (_, text) => {
    const decode = () => TopicConfig.decode(Buffer.from(text))
    expect(decode).toThrow(MqError)
    expect(decode).toThrow(/the body's \$/)
  })

  test('Long.MAX_VALUE in a body is clamped to the largest safe integer', () => {
    const body = ResetOffsetBody.decode(Buffer.from(`{"offsetTable":{${QUEUE}:9223372036854775807}}`))
    expect(body.offsetTable[0]?.[1]).toBe(Number.MAX_SAFE_INTEGER)
  })
})

describe('the compressed registration', () => {
  const part = (text: string) => Buffer.concat([i32(Buffer.byteLength(text)), Buffer.from(text)])
  const i32 = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value)
    return bytes
  }
  const VERSION = '{"counter":3,"stateVersion":0,"timestamp":9}'

  test('of a 5.x broker has topics and mappings', () => {
    const bytes = Buffer.concat([
      part(VERSION),
      i32(1),
      part('T 4 8 6 SINGLE_TAG {"+queue.type":"BatchCQ"}'),
      part('["f"]'),
      i32(1),
      part('{"topic":"S","bname":"b"}'),
    ])
    const body = decodeInflatedRegisterBody(bytes, 479)
    expect(body.filterServerList).toEqual(['f'])
    const { topicConfigTable, topicQueueMappingInfoMap, dataVersion } = body.topicConfigSerializeWrapper
    expect(dataVersion.counter).toBe(3)
    expect(topicConfigTable.get('T')).toMatchObject({ readQueueNums: 4, writeQueueNums: 8, perm: 6 })
    expect(topicConfigTable.get('T')?.attributes.get('+queue.type')).toBe('BatchCQ')
    expect([...(topicQueueMappingInfoMap?.keys() ?? [])]).toEqual(['S'])
  })

  test('of a 4.9 broker has five words a topic and no mappings', () => {
    const bytes = Buffer.concat([part(VERSION), i32(1), part('T 4 8 6 MULTI_TAG'), part('[]')])
    const { topicConfigTable } = decodeInflatedRegisterBody(bytes, 409).topicConfigSerializeWrapper
    expect(topicConfigTable.get('T')?.topicFilterType).toBe('MULTI_TAG')
  })

  test('cut anywhere, or with a count beyond its bytes, is refused', () => {
    const whole = Buffer.concat([part(VERSION), i32(1), part('T 4 8 6 SINGLE_TAG {}'), part('[]'), i32(0)])
    for (let size = 0; size < whole.length; size++) {
      expect(() => decodeInflatedRegisterBody(whole.subarray(0, size), 479)).toThrow(MqError)
    }
    const counted = Buffer.concat([part(VERSION), i32(0x7fff_ffff), part('[]')])
    expect(() => decodeInflatedRegisterBody(counted, 479)).toThrow(MqError)
  })
})
