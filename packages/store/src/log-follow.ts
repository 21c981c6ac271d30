import { MqError } from '@rockhopper/message'
import type { LogReader } from './log-reader.js'
import type { LogTail } from './log-tail.js'
import { emptyScan, type ScannedRecord, scanRecord } from './record-scan.js'

const WINDOW_SIZE = 256 * 1024

/**
 * Visits the records of [from, to) on the loop, out of the tail and, where that has moved on, out of the
 * page cache. Returns the offset behind the last whole record: `to`, or less when `to` cuts a record. Throws
 * MqError STORE_CORRUPT for bytes that are no record: this process wrote them.
 */
export function followLog(
  tail: LogTail,
  reader: LogReader,
  segmentSize: number,
  from: number,
  to: number,
  visit: (bytes: Buffer, record: ScannedRecord) => void,
): number {
  const record = emptyScan()
  let offset = from
  let needed = 0
  while (offset < to) {
    const limit = Math.min(to - offset, segmentSize - (offset % segmentSize))
    if (needed > limit) return offset
    const { bytes, at: start, length } = piece(tail, reader, offset, limit, needed)
    needed = 0
    for (let at = start; offset < to && needed === 0; ) {
      const outcome = scanRecord(bytes, at, start + length, record)
      if (outcome === 'short') {
        needed = record.size
      } else if (outcome === 'blank') {
        offset += segmentSize - (offset % segmentSize)
        break
      } else if (outcome === 'record' && record.physicalOffset === offset) {
        visit(bytes, record)
        offset += record.size
        at += record.size
        if (at === start + length) break
      } else {
        throw new MqError('STORE_CORRUPT', `following the log at ${offset}: no record there`)
      }
    }
  }
  return offset
}

function piece(tail: LogTail, reader: LogReader, offset: number, limit: number, needed: number) {
  const span = tail.spanAt(offset)
  if (span !== undefined && span.length >= needed) return { ...span, length: Math.min(span.length, limit) }
  const bytes = Buffer.allocUnsafe(Math.min(limit, Math.max(needed, span === undefined ? WINDOW_SIZE : 0)))
  if (reader.readNow(offset, bytes)) return { bytes, at: 0, length: bytes.length }
  throw new MqError('STORE_CORRUPT', `following the log at ${offset}: it cannot be read`)
}
