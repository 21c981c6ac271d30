import {
  BLANK_MAGIC,
  getI16,
  getI32,
  getI64,
  hostExtra,
  MAGIC_V1,
  MAGIC_V2,
  RECORD_OVERHEAD,
  recordLayout,
  storeTimestampPosition,
} from '@rockhopper/message'

/**
 * The fields of one record that dispatch and recovery look at, with positions into the bytes scanned. One
 * object is reused for a whole walk: no record of a million leaves garbage.
 */
export interface ScannedRecord {
  size: number
  bodyCrc: number
  queueId: number
  queueOffset: number
  physicalOffset: number
  sysFlag: number
  storeTimestamp: number
  bodyAt: number
  bodySize: number
  topicAt: number
  topicSize: number
  propertiesAt: number
  propertiesSize: number
}

/**
 * record: `into` is filled. blank: the rest of the file is unused. unwritten: zeros. short: `into.size` bytes
 * are needed. bad: not a record.
 */
export type ScanOutcome = 'record' | 'blank' | 'unwritten' | 'short' | 'bad'

const HEAD_SIZE = 8

/**
 * Looks at the record that starts at `at` and must end by `limit`. Checks what
 * CommitLog#checkMessageAndReturnSize checks but the CRC: magic, and that the field sizes add up to the
 * total.
 */
export function scanRecord(bytes: Buffer, at: number, limit: number, into: ScannedRecord): ScanOutcome {
  if (limit - at < HEAD_SIZE) return needs(into, HEAD_SIZE)
  const size = getI32(bytes, at)
  const magic = getI32(bytes, at + recordLayout.magic)
  if (size === 0 && magic === 0) return 'unwritten'
  if (magic === BLANK_MAGIC) return 'blank'
  if ((magic !== MAGIC_V1 && magic !== MAGIC_V2) || size < RECORD_OVERHEAD) return 'bad'
  if (limit - at < size) return needs(into, size)
  const end = at + size
  const sysFlag = getI32(bytes, at + recordLayout.sysFlag)
  const bodySizeAt = at + recordLayout.bodySize + hostExtra(sysFlag)
  if (bodySizeAt + 4 > end) return 'bad'
  const bodySize = getI32(bytes, bodySizeAt)
  const bodyAt = bodySizeAt + 4
  const topicSizeWidth = magic === MAGIC_V1 ? 1 : 2
  if (bodySize < 0 || bodyAt + bodySize + topicSizeWidth > end) return 'bad'
  const topicSizeAt = bodyAt + bodySize
  const topicSize = magic === MAGIC_V1 ? bytes.readUInt8(topicSizeAt) : getI16(bytes, topicSizeAt)
  const topicAt = topicSizeAt + topicSizeWidth
  if (topicSize < 0 || topicAt + topicSize + 2 > end) return 'bad'
  const propertiesSize = getI16(bytes, topicAt + topicSize)
  const propertiesAt = topicAt + topicSize + 2
  if (propertiesSize < 0 || propertiesAt + propertiesSize !== end) return 'bad'
  into.size = size
  into.bodyCrc = getI32(bytes, at + recordLayout.bodyCrc)
  into.queueId = getI32(bytes, at + recordLayout.queueId)
  into.queueOffset = getI64(bytes, at + recordLayout.queueOffset)
  into.physicalOffset = getI64(bytes, at + recordLayout.physicalOffset)
  into.sysFlag = sysFlag
  into.storeTimestamp = getI64(bytes, at + storeTimestampPosition(sysFlag))
  into.bodyAt = bodyAt
  into.bodySize = bodySize
  into.topicAt = topicAt
  into.topicSize = topicSize
  into.propertiesAt = propertiesAt
  into.propertiesSize = propertiesSize
  return 'record'
}

export function emptyScan(): ScannedRecord {
  return {
    size: 0,
    bodyCrc: 0,
    queueId: 0,
    queueOffset: 0,
    physicalOffset: 0,
    sysFlag: 0,
    storeTimestamp: 0,
    bodyAt: 0,
    bodySize: 0,
    topicAt: 0,
    topicSize: 0,
    propertiesAt: 0,
    propertiesSize: 0,
  }
}

function needs(into: ScannedRecord, size: number): 'short' {
  into.size = size
  return 'short'
}
