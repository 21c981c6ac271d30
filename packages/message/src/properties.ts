import type { Properties } from './message.js'

/** Property names of remoting.md section 11 (Apache: MessageConst). */
export const Property = {
  KEYS: 'KEYS',
  TAGS: 'TAGS',
  WAIT: 'WAIT',
  DELAY: 'DELAY',
  RETRY_TOPIC: 'RETRY_TOPIC',
  REAL_TOPIC: 'REAL_TOPIC',
  REAL_QID: 'REAL_QID',
  TRAN_MSG: 'TRAN_MSG',
  PGROUP: 'PGROUP',
  MIN_OFFSET: 'MIN_OFFSET',
  MAX_OFFSET: 'MAX_OFFSET',
  BUYER_ID: 'BUYER_ID',
  ORIGIN_MESSAGE_ID: 'ORIGIN_MESSAGE_ID',
  TRANSFER_FLAG: 'TRANSFER_FLAG',
  CORRECTION_FLAG: 'CORRECTION_FLAG',
  MQ2_FLAG: 'MQ2_FLAG',
  RECONSUME_TIME: 'RECONSUME_TIME',
  MSG_REGION: 'MSG_REGION',
  TRACE_ON: 'TRACE_ON',
  UNIQ_KEY: 'UNIQ_KEY',
  EXTEND_UNIQ_INFO: 'EXTEND_UNIQ_INFO',
  MAX_RECONSUME_TIMES: 'MAX_RECONSUME_TIMES',
  CONSUME_START_TIME: 'CONSUME_START_TIME',
  INNER_NUM: 'INNER_NUM',
  INNER_BASE: 'INNER_BASE',
  DUP_INFO: 'DUP_INFO',
  CHECK_IMMUNITY_TIME_IN_SECONDS: 'CHECK_IMMUNITY_TIME_IN_SECONDS',
  TRAN_PREPARED_QUEUE_OFFSET: 'TRAN_PREPARED_QUEUE_OFFSET',
  TRANSACTION_ID: '__transactionId__',
  TRANSACTION_CHECK_TIMES: 'TRANSACTION_CHECK_TIMES',
  INSTANCE_ID: 'INSTANCE_ID',
  CORRELATION_ID: 'CORRELATION_ID',
  REPLY_TO_CLIENT: 'REPLY_TO_CLIENT',
  TTL: 'TTL',
  MSG_TYPE: 'MSG_TYPE',
  ARRIVE_TIME: 'ARRIVE_TIME',
  PUSH_REPLY_TIME: 'PUSH_REPLY_TIME',
  CLUSTER: 'CLUSTER',
  POP_CK: 'POP_CK',
  POP_CK_OFFSET: 'POP_CK_OFFSET',
  FIRST_POP_TIME: '1ST_POP_TIME',
  SHARDING_KEY: '__SHARDINGKEY',
  PRIORITY: '_SYS_MSG_PRIORITY_',
  FORWARD_QUEUE_ID: 'PROPERTY_FORWARD_QUEUE_ID',
  REDIRECT: 'REDIRECT',
  INNER_MULTI_DISPATCH: 'INNER_MULTI_DISPATCH',
  INNER_MULTI_QUEUE_OFFSET: 'INNER_MULTI_QUEUE_OFFSET',
  TRACE_CONTEXT: 'TRACE_CONTEXT',
  TIMER_DELAY_SEC: 'TIMER_DELAY_SEC',
  TIMER_DELAY_MS: 'TIMER_DELAY_MS',
  TIMER_DELIVER_MS: 'TIMER_DELIVER_MS',
  TIMER_DELAY_LEVEL: 'TIMER_DELAY_LEVEL',
  TIMER_ENQUEUE_MS: 'TIMER_ENQUEUE_MS',
  TIMER_DEQUEUE_MS: 'TIMER_DEQUEUE_MS',
  TIMER_ROLL_TIMES: 'TIMER_ROLL_TIMES',
  TIMER_OUT_MS: 'TIMER_OUT_MS',
  TIMER_DEL_UNIQKEY: 'TIMER_DEL_UNIQKEY',
  BORN_HOST: '__BORNHOST',
  BORN_TIMESTAMP: 'BORN_TIMESTAMP',
  TRANSIENT_TOPIC_SYS_FLAG: '__RMQ.TRANSIENT.TOPIC_SYS_FLAG',
  TRANSIENT_GROUP_SYS_FLAG: '__RMQ.TRANSIENT.GROUP_SYS_FLAG',
  CRC32: '__CRC32#',
  DLQ_ORIGIN_TOPIC: 'DLQ_ORIGIN_TOPIC',
  DLQ_ORIGIN_MESSAGE_ID: 'DLQ_ORIGIN_MESSAGE_ID',
} as const

/** Names an application may not set as its own property: each has a meaning, or a field of Message. */
export const RESERVED_PROPERTIES: ReadonlySet<string> = new Set(Object.values(Property))

/** U+0001 between name and value, U+0002 behind each value. */
export const NAME_VALUE_SEPARATOR = '\u0001'
export const PROPERTY_SEPARATOR = '\u0002'

/** The length field is a signed i16 (Apache: Short.MAX_VALUE). */
export const PROPERTIES_SIZE_MAX = 32_767

/** `name U+0001 value U+0002` for each; entries without a value are skipped. No limit is checked here. */
export const encodeProperties = (properties: Properties): Buffer => Buffer.from(propertiesText(properties))

/** The text that the send header's `properties` field carries. */
export function propertiesText(properties: Properties): string {
  let text = ''
  for (const name in properties) {
    const value = properties[name]
    if (value === undefined || value === null) continue
    text += name + NAME_VALUE_SEPARATOR + value + PROPERTY_SEPARATOR
  }
  return text
}

/**
 * The map in stored order, but JavaScript puts integer-like names first. Never throws: odd segments are
 * skipped.
 */
export const decodeProperties = (bytes: Uint8Array): Properties => parseProperties(asBuffer(bytes).toString())

/** As `decodeProperties`, for the text of a send header (Apache: MessageDecoder.string2messageProperties). */
export function parseProperties(text: string): Properties {
  const properties = Object.create(null) as Properties
  let from = 0
  while (from < text.length) {
    let to = text.indexOf(PROPERTY_SEPARATOR, from)
    // Old encoders leave out the last separator.
    if (to < 0) to = text.length
    if (to - from >= 3) {
      const middle = text.indexOf(NAME_VALUE_SEPARATOR, from)
      if (middle > from && middle < to - 1) properties[text.slice(from, middle)] = text.slice(middle + 1, to)
    }
    from = to + 1
  }
  return properties
}

/**
 * Where the value of a property begins in encoded properties bytes[from, to), or -1. For dispatch, which
 * reads two properties of every record and wants no map. `name` is encoded once, by the caller.
 * Of several entries with this name the last one counts, as it does in a map.
 */
export function propertyValueStart(bytes: Uint8Array, from: number, to: number, name: Uint8Array): number {
  let found = -1
  let start = from
  while (start < to) {
    const end = propertyValueEnd(bytes, start, to)
    const middle = start + name.length
    if (middle < end - 1 && bytes[middle] === 1 && startsWith(bytes, start, name)) found = middle + 1
    start = end + 1
  }
  return found
}

/** The end of the segment that `at` lies in: the position of U+0002, or `to`. */
export function propertyValueEnd(bytes: Uint8Array, at: number, to: number): number {
  let end = at
  while (end < to && bytes[end] !== 2) end++
  return end
}

function startsWith(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false
  return true
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
