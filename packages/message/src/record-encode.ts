import assert from 'node:assert/strict'
import { bodyCrc } from './crc32.js'
import { SysFlag } from './flags.js'
import { LastHost } from './last-host.js'
import type { RecordDraft } from './message.js'
import { putI16, putI32, putI64 } from './numbers.js'
import { PROPERTIES_SIZE_MAX } from './properties.js'
import {
  hostExtra,
  MAGIC_V1,
  MAGIC_V2,
  RECORD_OVERHEAD,
  recordLayout,
  TOPIC_SIZE_V1_MAX,
} from './record-layout.js'

/** What the log gives a record when it places it. */
export interface RecordPlace {
  readonly queueOffset: number
  /** Of the record's first byte in the whole log. */
  readonly physicalOffset: number
  /** Ms since 1970. */
  readonly storeTimestamp: number
}

/** Below this a byte loop beats TypedArray.set (performance.md, item 6). */
const LOOP_COPY_MAX = 48

const BORN_HOST = new LastHost()
const STORE_HOST = new LastHost()

/** Bytes that `encodeRecord` will write for a draft. */
export function recordSize(draft: RecordDraft): number {
  const tailSize = draft.propertiesTail === undefined ? 0 : draft.propertiesTail.length
  return sizeOf(draft, utf8Size(draft.topic), draft.properties.length + tailSize, sysFlagOf(draft))
}

/**
 * Writes one record at `at` and returns its size (store-format.md section 3.1). Computes the body CRC,
 * sets the IPv6 bits of sysFlag from the hosts and picks V1 or V2 by the topic's length. On the hot path:
 * allocates nothing. The caller has checked the limits of section 3.4; a record that does not fit `into`
 * is an assertion. Throws MqError ADDRESS_ILLEGAL for a host that is no IP address; `into` is then half
 * written.
 */
export function encodeRecord(draft: RecordDraft, place: RecordPlace, into: Buffer, at: number): number {
  const { topic, body, properties, propertiesTail } = draft
  const topicSize = utf8Size(topic)
  const lengthSize = topicSize > TOPIC_SIZE_V1_MAX ? 2 : 1
  const propertiesSize = properties.length + (propertiesTail === undefined ? 0 : propertiesTail.length)
  const sysFlag = sysFlagOf(draft)
  const size = sizeOf(draft, topicSize, propertiesSize, sysFlag)
  assert(at >= 0 && at + size <= into.length, 'a record must fit the buffer')
  assert(propertiesSize <= PROPERTIES_SIZE_MAX, 'properties must fit their i16 length')

  putI32(into, at + recordLayout.totalSize, size)
  putI32(into, at + recordLayout.magic, lengthSize === 1 ? MAGIC_V1 : MAGIC_V2)
  putI32(into, at + recordLayout.bodyCrc, bodyCrc(body))
  putI32(into, at + recordLayout.queueId, draft.queueId)
  putI32(into, at + recordLayout.flag, draft.flag)
  putI64(into, at + recordLayout.queueOffset, place.queueOffset)
  putI64(into, at + recordLayout.physicalOffset, place.physicalOffset)
  putI32(into, at + recordLayout.sysFlag, sysFlag)
  putI64(into, at + recordLayout.bornTimestamp, draft.bornTimestamp)
  let end = at + recordLayout.bornHost
  end = BORN_HOST.of(draft.bornHost).put(into, end)
  putI64(into, end, place.storeTimestamp)
  end = STORE_HOST.of(draft.storeHost).put(into, end + 8)
  putI32(into, end, draft.reconsumeTimes)
  putI64(into, end + 4, draft.preparedTransactionOffset)
  putI32(into, end + 12, body.length)
  end = copy(body, into, end + 16)
  if (lengthSize === 2) putI16(into, end, topicSize)
  else into[end] = topicSize
  end = putTopic(topic, topicSize, into, end + lengthSize)
  putI16(into, end, propertiesSize)
  end = copy(properties, into, end + 2)
  if (propertiesTail !== undefined) end = copy(propertiesTail, into, end)
  assert(end - at === size, 'a record must be as long as announced')
  return size
}

function sizeOf(draft: RecordDraft, topicSize: number, propertiesSize: number, sysFlag: number): number {
  const fixed = RECORD_OVERHEAD + (topicSize > TOPIC_SIZE_V1_MAX ? 1 : 0) + hostExtra(sysFlag)
  return fixed + draft.body.length + topicSize + propertiesSize
}

function sysFlagOf({ sysFlag, bornHost, storeHost }: RecordDraft): number {
  return (
    (sysFlag & ~(SysFlag.BORN_HOST_V6 | SysFlag.STORE_HOST_V6)) |
    (BORN_HOST.of(bornHost).ipv6 ? SysFlag.BORN_HOST_V6 : 0) |
    (STORE_HOST.of(storeHost).ipv6 ? SysFlag.STORE_HOST_V6 : 0)
  )
}

/** Topics are ASCII but for records of foreign stores. */
function utf8Size(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text)
  return text.length
}

function putTopic(topic: string, topicSize: number, into: Buffer, at: number): number {
  if (topicSize !== topic.length) return at + into.write(topic, at, 'utf8')
  for (let i = 0; i < topicSize; i++) into[at + i] = topic.charCodeAt(i)
  return at + topicSize
}

function copy(from: Uint8Array, into: Buffer, at: number): number {
  const length = from.length
  if (length > LOOP_COPY_MAX) into.set(from, at)
  else for (let i = 0; i < length; i++) into[at + i] = from[i] as number
  return at + length
}
