import { MqError } from '@rockhopper/message'
import { type JsonValue, parseLenientJson } from '../json/lenient-json.js'
import { anyJson, type BodyOf, body, listOf, mapOf, text } from '../json/shape.js'
import { Version } from '../protocol/remoting-command.js'
import { DataVersion } from './data-version.js'
import { type TopicConfig, TopicConfigSerializeWrapper } from './topic-config.js'

/** Code 103, plain (remoting.md section 16.2). */
export const RegisterBrokerBody = body({
  filterServerList: listOf(text()),
  topicConfigSerializeWrapper: TopicConfigSerializeWrapper,
})
export type RegisterBrokerBody = BodyOf<typeof RegisterBrokerBody>

/** Counts in the compressed form are the sender's word: each is checked against the bytes that are left. */
const ENTRY_SIZE_MIN = 4

const filterServers = listOf(text())
const attributes = mapOf(text())
const anything = anyJson()

/**
 * Code 103, compressed, after the zlib stream was inflated (remoting.md section 16.3):
 *
 *   i32 n, DataVersion | i32 count, per topic: i32 n, "name readQ writeQ perm filterType attributes"
 *   i32 n, filter servers | from V5_0_0: i32 count, per mapping: i32 n, TopicQueueMappingInfo
 *
 * `brokerVersion` is the version of the request. Throws MqError BODY_ILLEGAL.
 */
export function decodeInflatedRegisterBody(inflated: Buffer, brokerVersion: number): RegisterBrokerBody {
  const cursor = { bytes: inflated, at: 0 }
  const dataVersion = DataVersion.read(readJson(cursor), 'dataVersion')
  const topicConfigTable = new Map<string, TopicConfig>()
  for (let left = readCount(cursor); left > 0; left--) {
    const config = topicOf(readPart(cursor).toString('utf8'))
    topicConfigTable.set(config.topicName, config)
  }
  const filterServerList = filterServers.read(readJson(cursor), 'filterServerList')
  const mappings = new Map<string, JsonValue>()
  if (brokerVersion >= Version.V5_0_0) {
    for (let left = readCount(cursor); left > 0; left--) {
      const info = anything.read(readJson(cursor), 'mapping')
      const topic =
        typeof info === 'object' && info !== null && !Array.isArray(info) ? info['topic'] : undefined
      if (typeof topic === 'string') mappings.set(topic, info)
    }
  }
  return {
    filterServerList,
    topicConfigSerializeWrapper: { dataVersion, topicConfigTable, topicQueueMappingInfoMap: mappings },
  }
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

function readI32(cursor: Cursor): number {
  if (cursor.bytes.length - cursor.at < 4) throw illegal('is cut')
  const value = cursor.bytes.readInt32BE(cursor.at)
  cursor.at += 4
  return value
}

function readCount(cursor: Cursor): number {
  const count = readI32(cursor)
  if (count < 0 || count * ENTRY_SIZE_MIN > cursor.bytes.length - cursor.at) throw illegal('has a bad count')
  return count
}

function readPart(cursor: Cursor): Buffer {
  const size = readI32(cursor)
  if (size < 0 || size > cursor.bytes.length - cursor.at) throw illegal('has a bad length')
  cursor.at += size
  return cursor.bytes.subarray(cursor.at - size, cursor.at)
}

function readJson(cursor: Cursor): JsonValue {
  const part = readPart(cursor)
  if (part.length === 0) return null
  const parsed = parseLenientJson(part)
  if (!parsed.ok) throw illegal(`holds bad JSON: ${parsed.reason}`)
  return parsed.value
}

/** Six words; brokers before 5.0 write five. */
function topicOf(line: string): TopicConfig {
  const found = /^(\S+) (\d{1,9}) (\d{1,9}) (\d{1,9}) (\S+)(?: (.*))?$/s.exec(line)
  if (found === null) throw illegal('has a topic that cannot be read')
  const [, topicName = '', readQueueNums, writeQueueNums, perm, topicFilterType, attributesText] = found
  const parsed =
    attributesText === undefined ? undefined : parseLenientJson(Buffer.from(attributesText, 'utf8'))
  if (parsed?.ok === false) throw illegal('has a topic whose attributes cannot be read')
  return {
    attributes: attributes.read(parsed?.value, 'attributes'),
    order: false,
    perm: Number(perm),
    readQueueNums: Number(readQueueNums),
    topicFilterType: topicFilterType === 'MULTI_TAG' ? 'MULTI_TAG' : 'SINGLE_TAG',
    topicName,
    topicSysFlag: 0,
    writeQueueNums: Number(writeQueueNums),
  }
}

function illegal(problem: string): MqError {
  return new MqError('BODY_ILLEGAL', `the compressed registration ${problem}`)
}
