import { SysFlag } from './flags.js'
import { getI32, getI64 } from './numbers.js'

/** A record whose topic length takes one byte. */
export const MAGIC_V1 = 0xdaa320a7 | 0
/** A record whose topic length takes two bytes. */
export const MAGIC_V2 = 0xdaa320ab | 0
/** What fills the end of a commit log file that the next record did not fit into. */
export const BLANK_MAGIC = 0xcbd43194 | 0

/**
 * Where the fields of a commit log record begin when both hosts are IPv4 (store-format.md section 3.1).
 *
 *     0 totalSize    4 magic      8 bodyCrc   12 queueId   16 flag
 *    20 queueOffset (8)          28 physicalOffset (8)
 *    36 sysFlag    40 bornTimestamp (8)      48 bornHost (8)        56 storeTimestamp (8)
 *    64 storeHost (8)   72 reconsumeTimes    76 preparedTransactionOffset (8)   84 bodySize   88 body ...
 *
 * Behind the body: topic length (1 byte V1, 2 bytes V2), topic, properties length (i16), properties.
 * An IPv6 host is 12 bytes wider; all behind it moves.
 */
export const recordLayout = {
  totalSize: 0,
  magic: 4,
  bodyCrc: 8,
  queueId: 12,
  flag: 16,
  queueOffset: 20,
  physicalOffset: 28,
  sysFlag: 36,
  bornTimestamp: 40,
  bornHost: 48,
  storeTimestamp: 56,
  storeHost: 64,
  reconsumeTimes: 72,
  preparedTransactionOffset: 76,
  bodySize: 84,
  body: 88,
} as const

/** What IPv6 adds to the width of a host. */
export const IPV6_EXTRA = 12
/** Size of a V1 record with IPv4 hosts without body, topic and properties. */
export const RECORD_OVERHEAD = 91
/** Longest topic a V1 record holds. */
export const TOPIC_SIZE_V1_MAX = 127

// The readers below trust that the record was checked, or lies in memory that the caller may read.

export const recordTotalSize = (bytes: Uint8Array, at: number): number => getI32(bytes, at)
export const recordMagic = (bytes: Uint8Array, at: number): number => getI32(bytes, at + recordLayout.magic)
export const recordQueueId = (bytes: Uint8Array, at: number): number =>
  getI32(bytes, at + recordLayout.queueId)
export const recordQueueOffset = (bytes: Uint8Array, at: number): number =>
  getI64(bytes, at + recordLayout.queueOffset)
export const recordPhysicalOffset = (bytes: Uint8Array, at: number): number =>
  getI64(bytes, at + recordLayout.physicalOffset)
export const recordSysFlag = (bytes: Uint8Array, at: number): number =>
  getI32(bytes, at + recordLayout.sysFlag)

/** Where the store timestamp lies, from the start of the record. */
export const storeTimestampPosition = (sysFlag: number): number =>
  recordLayout.storeTimestamp + ((sysFlag & SysFlag.BORN_HOST_V6) === 0 ? 0 : IPV6_EXTRA)

export const recordStoreTimestamp = (bytes: Uint8Array, at: number): number =>
  getI64(bytes, at + storeTimestampPosition(recordSysFlag(bytes, at)))

/** What both IPv6 bits of a sysFlag add to a record. */
export const hostExtra = (sysFlag: number): number =>
  ((sysFlag & SysFlag.BORN_HOST_V6) === 0 ? 0 : IPV6_EXTRA) +
  ((sysFlag & SysFlag.STORE_HOST_V6) === 0 ? 0 : IPV6_EXTRA)
