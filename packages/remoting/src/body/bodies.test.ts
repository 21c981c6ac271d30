import { readFileSync } from 'node:fs'
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

/** Texts of remoting.md, printed by the Java encoder: a name, then the text, then an empty line. */
const GOLDEN = new Map(
  readFileSync(new URL('../../testdata/bodies.txt', import.meta.url), 'utf8')
    .trim()
    .split('\n\n')
    .map((entry) => entry.split('\n') as [string, string]),
)
const LEGACY_ROUTE = GOLDEN.get('legacy route') as string

const CODECS: readonly (readonly [string, Body<never>])[] = [
  ['heartbeat', HeartbeatData],
  ['legacy route', TopicRouteData],
  ['cluster info', ClusterInfo],
  ['member group', BrokerMemberGroupBody],
  ['lock request', LockBatchRequestBody],
  ['lock response', LockBatchResponseBody],
  ['reset offset', ResetOffsetBody],
  ['topic stats', TopicStatsTable],
  ['consume stats', ConsumeStats],
  ['topic config', TopicConfig],
  ['topic config wrapper', TopicConfigSerializeWrapper],
  ['registration', RegisterBrokerBody],
  ['subscription group', SubscriptionGroupConfig],
  ['topic list', TopicList],
  ['key values', KVTable],
  ['broker stats', BrokerStatsData],
  ['assignment request', QueryAssignmentRequestBody],
  ['assignment response', QueryAssignmentResponseBody],
  ['running info', ConsumerRunningInfo],
] as never

describe('bodies', () => {
  test.each(CODECS)("fastjson's text of a %s is read and written back equal", (name, codec) => {
    const text = GOLDEN.get(name) as string
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
