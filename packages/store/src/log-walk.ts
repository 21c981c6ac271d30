import { bodyCrc } from '@rockhopper/message'
import { readFullyPooled } from './full-write.js'
import type { LogSegments } from './log-segments.js'
import { emptyScan, type ScannedRecord, scanRecord } from './record-scan.js'

const WINDOW_SIZE = 2 * 1024 * 1024

/** `at` is where the record begins in `bytes`. */
export type RecordCheck = (bytes: Buffer, at: number, record: ScannedRecord) => boolean

export interface WalkOptions {
  readonly from: number
  /** Stops here at the latest. */
  readonly to: number
  /** Says whether a record whose sizes add up, and that says the offset it lies at, is to be believed. */
  readonly isIntact: RecordCheck
  /** Larger records are taken for damage. */
  readonly recordSizeMax: number
  /** Bytes of one read; a larger record is read whole all the same. */
  readonly windowSize?: number
  visit(bytes: Buffer, record: ScannedRecord): void
  /** Called between windows. */
  progress?(physicalOffset: number): void
}

export interface WalkEnd {
  /** Physical offset behind the last good record. */
  readonly end: number
  /** What stands there: space never written (or no file), or something that is not a record. */
  readonly reason: 'unwritten' | 'bad' | 'limit'
  readonly lastStoreTimestamp: number
}

/**
 * Reads the log from disk in file order and visits each good record, until the first that is not (store-
 * format.md section 18.4). More strict than Apache: a record must also say the offset it lies at, so that
 * stale bytes behind the tail are never served as new.
 */
export async function walkLog(segments: LogSegments, options: WalkOptions): Promise<WalkEnd> {
  const record = emptyScan()
  let window = Buffer.allocUnsafe(Math.min(options.windowSize ?? WINDOW_SIZE, segments.segmentSize))
  let offset = options.from
  let lastStoreTimestamp = 0
  const ended = (reason: WalkEnd['reason']): WalkEnd => ({ end: offset, reason, lastStoreTimestamp })
  while (offset < options.to) {
    const held = segments.hold(offset)
    if (held === undefined) return ended('unwritten')
    const position = offset % segments.segmentSize
    const windowStart = offset
    const length = Math.min(window.length, segments.segmentSize - position)
    const count = await readFullyPooled(held.file, window, 0, length, position).finally(() => held.release())
    for (let at = 0; ; at = offset - windowStart) {
      if (offset >= options.to) return ended('limit')
      // The blank takes 8 bytes; a record that leaves less before the file's end was not written by any
      // broker.
      const outcome = scanRecord(window, at, count, record)
      if (outcome === 'unwritten') return ended('unwritten')
      if (outcome === 'bad') return ended('bad')
      if (outcome === 'blank') {
        if (window.readInt32BE(at) !== segments.segmentSize - (offset % segments.segmentSize))
          return ended('bad')
        offset = segments.startOf(offset) + segments.segmentSize
        break
      }
      if (outcome === 'short') {
        if (record.size > segments.segmentSize - (offset % segments.segmentSize)) return ended('bad')
        if (record.size > options.recordSizeMax) return ended('bad')
        if (record.size > window.length) window = Buffer.allocUnsafe(record.size)
        if (count < length) return ended('bad')
        break
      }
      if (record.physicalOffset !== offset || !options.isIntact(window, at, record)) return ended('bad')
      options.visit(window, record)
      lastStoreTimestamp = record.storeTimestamp
      offset += record.size
    }
    options.progress?.(offset)
  }
  return ended('limit')
}

/** What CommitLog#checkMessageAndReturnSize checks, and that no field has a value nobody writes. */
export function apacheCheck(checkCrc: boolean): RecordCheck {
  return (bytes, _, record) => {
    if (record.storeTimestamp <= 0 || record.queueOffset < 0 || record.queueId < 0) return false
    if (!checkCrc || record.bodySize === 0) return true
    return bodyCrc(bytes.subarray(record.bodyAt, record.bodyAt + record.bodySize)) === record.bodyCrc
  }
}

/** Store time of the good record at an offset, or undefined when there is none. */
export async function storeTimestampAt(
  segments: LogSegments,
  physicalOffset: number,
  isIntact: RecordCheck = apacheCheck(false),
): Promise<number | undefined> {
  let found: number | undefined
  await walkLog(segments, {
    from: physicalOffset,
    to: physicalOffset + 1,
    isIntact,
    recordSizeMax: segments.segmentSize,
    windowSize: 4 * 1024,
    visit: (_, record) => {
      found = record.storeTimestamp
    },
  })
  return found
}
