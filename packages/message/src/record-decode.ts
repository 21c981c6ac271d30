import { SysFlag } from './flags.js'
import { getHost } from './host.js'
import type { MessageExt } from './message.js'
import { getI16, getI32, getI64, getI64Saturated } from './numbers.js'
import { decodeProperties } from './properties.js'
import {
  BLANK_MAGIC,
  hostExtra,
  MAGIC_V1,
  MAGIC_V2,
  RECORD_OVERHEAD,
  recordLayout,
  recordPhysicalOffset,
  recordQueueOffset,
  recordStoreTimestamp,
  storeTimestampPosition,
} from './record-layout.js'
import { type DecodeResult, refused } from './result.js'

/** Where the parts of a record lie in the bytes that were scanned. */
export interface RecordShape {
  readonly at: number
  readonly size: number
  readonly sysFlag: number
  /** Where the reconsume times lie: behind both hosts. */
  readonly behindHosts: number
  readonly bodyStart: number
  readonly bodyEnd: number
  readonly topicStart: number
  readonly topicEnd: number
  readonly propertiesStart: number
  readonly propertiesEnd: number
}

export type RecordRefusal =
  | 'cut off'
  | 'nothing written'
  | 'end of file blank'
  | 'unknown magic'
  | 'lengths do not add up'
  | 'number out of range'

export type RecordScan =
  | { readonly ok: true; readonly value: RecordShape; readonly size: number }
  | { readonly ok: false; readonly reason: RecordRefusal }

/**
 * Checks every length of the record at `at` against its total size and that against bytes[at, limit). The
 * body CRC is not checked: `bodyCrc` of the body does. Never throws.
 */
export function scanRecord(bytes: Uint8Array, at: number, limit: number = bytes.length): RecordScan {
  const left = Math.min(limit, bytes.length) - at
  if (at < 0 || left < 8) return no('cut off')
  const size = getI32(bytes, at)
  const magic = getI32(bytes, at + recordLayout.magic)
  if (magic === BLANK_MAGIC) return no('end of file blank')
  if (size === 0 && magic === 0) return no('nothing written')
  if (magic !== MAGIC_V1 && magic !== MAGIC_V2) return no('unknown magic')
  const lengthSize = magic === MAGIC_V1 ? 1 : 2
  if (size < RECORD_OVERHEAD + lengthSize - 1) return no('lengths do not add up')
  if (size > left) return no('cut off')

  const sysFlag = getI32(bytes, at + recordLayout.sysFlag)
  const extra = hostExtra(sysFlag)
  const end = at + size
  // The fixed part is inside: what may be missing of it is what the IPv6 bits add.
  const bodyStart = at + recordLayout.body + extra
  if (bodyStart + lengthSize + 2 > end) return no('lengths do not add up')
  const bodySize = getI32(bytes, bodyStart - 4)
  if (bodySize < 0 || bodySize > end - bodyStart - lengthSize - 2) return no('lengths do not add up')
  const bodyEnd = bodyStart + bodySize
  const topicStart = bodyEnd + lengthSize
  const topicSize = lengthSize === 1 ? (bytes[bodyEnd] as number) : getI16(bytes, bodyEnd)
  if (topicSize < 0 || topicSize > end - topicStart - 2) return no('lengths do not add up')
  const topicEnd = topicStart + topicSize
  const propertiesStart = topicEnd + 2
  const propertiesSize = getI16(bytes, topicEnd)
  if (propertiesSize < 0 || propertiesStart + propertiesSize !== end) return no('lengths do not add up')

  const behindHosts = bodyStart - (recordLayout.body - recordLayout.reconsumeTimes)
  if (!numbersInRange(bytes, at)) return no('number out of range')
  const value: RecordShape = {
    at,
    size,
    sysFlag,
    behindHosts,
    bodyStart,
    bodyEnd,
    topicStart,
    topicEnd,
    propertiesStart,
    propertiesEnd: end,
  }
  return { ok: true, value, size }
}

/** The record at `at` as a message. Body is a view of `bytes`. Never throws. */
export function decodeRecord(
  bytes: Buffer,
  at: number,
  limit: number = bytes.length,
): DecodeResult<MessageExt> {
  const scan = scanRecord(bytes, at, limit)
  return scan.ok ? { ok: true, value: messageAt(bytes, scan.value), size: scan.size } : scan
}

/** The message in a record that `scanRecord` accepted. Body is a view of `bytes`. */
export function messageAt(bytes: Buffer, shape: RecordShape): MessageExt {
  const { at, sysFlag, behindHosts } = shape
  const storeTimestampAt = at + storeTimestampPosition(sysFlag)
  return {
    topic: bytes.toString('utf8', shape.topicStart, shape.topicEnd),
    body: bytes.subarray(shape.bodyStart, shape.bodyEnd),
    properties: decodeProperties(bytes.subarray(shape.propertiesStart, shape.propertiesEnd)),
    flag: getI32(bytes, at + recordLayout.flag),
    queueId: getI32(bytes, at + recordLayout.queueId),
    queueOffset: recordQueueOffset(bytes, at),
    physicalOffset: recordPhysicalOffset(bytes, at),
    sysFlag,
    bodyCrc: getI32(bytes, at + recordLayout.bodyCrc),
    // Clients fill these two with any i64 they like, and Apache's broker stores it.
    bornTimestamp: getI64Saturated(bytes, at + recordLayout.bornTimestamp),
    preparedTransactionOffset: getI64Saturated(bytes, behindHosts + 4),
    bornHost: getHost(bytes, at + recordLayout.bornHost, (sysFlag & SysFlag.BORN_HOST_V6) === 0 ? 8 : 20),
    storeTimestamp: getI64(bytes, storeTimestampAt),
    storeHost: getHost(bytes, storeTimestampAt + 8, (sysFlag & SysFlag.STORE_HOST_V6) === 0 ? 8 : 20),
    reconsumeTimes: getI32(bytes, behindHosts),
    storeSize: shape.size,
  }
}

/**
 * The records of a pull body, one after another. Ends at the first that cannot be read, as
 * Apache's MessageDecoder.decodes does; `onBroken` learns where and why, so that a consumer does not pass
 * over it.
 */
export function decodeRecords(bytes: Buffer, onBroken?: (reason: string, at: number) => void): MessageExt[] {
  const messages: MessageExt[] = []
  let at = 0
  while (at < bytes.length) {
    const result = decodeRecord(bytes, at)
    if (!result.ok) {
      onBroken?.(result.reason, at)
      break
    }
    messages.push(result.value)
    at += result.size
  }
  return messages
}

function numbersInRange(bytes: Uint8Array, at: number): boolean {
  return (
    Number.isSafeInteger(recordQueueOffset(bytes, at)) &&
    Number.isSafeInteger(recordPhysicalOffset(bytes, at)) &&
    Number.isSafeInteger(recordStoreTimestamp(bytes, at))
  )
}

function no(reason: RecordRefusal): { readonly ok: false; readonly reason: RecordRefusal } {
  return refused(reason) as { readonly ok: false; readonly reason: RecordRefusal }
}
