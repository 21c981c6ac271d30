import { BLANK_MAGIC, bodyCrc, MAGIC_V1, MAGIC_V2, recordLayout } from '@rockhopper/message'
import { readFullyPooled } from '../full-write.js'
import { nextRecord } from '../log-damage.js'
import type { LogSegments } from '../log-segments.js'
import { apacheCheck, type RecordCheck, storeTimestampAt, walkLog } from '../log-walk.js'
import { emptyScan, type ScannedRecord, scanRecord } from '../record-scan.js'

/** The walk comes back to its caller after so many bytes of the log. */
const SPAN_SIZE = 8 * 1024 * 1024
const DIAGNOSED_SIZE = 32 * 1024 * 1024

export interface SurveyOptions {
  readonly from: number
  /** Stops here at the latest. */
  readonly to: number
  /** Says whether a record is to be believed. Default: what Apache's recovery checks. */
  readonly isIntact?: RecordCheck
  visit(bytes: Buffer, record: ScannedRecord): void
  /** Bytes that are no record, with intact records behind them. */
  bad?(range: BadRange): void
  /** After each span: how far the walk is. False ends it. */
  progress?(physicalOffset: number): boolean | Promise<boolean>
}

/** Bytes [from, to) of the log that hold no intact record. */
export interface BadRange {
  readonly from: number
  readonly to: number
  readonly why: string
}

export interface SurveyEnd {
  /** Behind the last intact record. */
  readonly end: number
  /** What stands there. */
  readonly reason: 'unwritten' | 'torn' | 'limit' | 'stopped'
  /** What the bytes at the end are instead of a record, for `torn` and `unwritten`. */
  readonly why: string
  readonly lastStoreTimestamp: number
}

/**
 * Walks the log as recovery does, but goes on behind what is damaged: at the next bytes that have a
 * record's magic,
 * say the offset they lie at and have the CRC they say.
 */
export async function surveyLog(segments: LogSegments, options: SurveyOptions): Promise<SurveyEnd> {
  const isIntact = options.isIntact ?? apacheCheck(true)
  let offset = options.from
  let lastStoreTimestamp = 0
  const ended = (reason: SurveyEnd['reason'], why = ''): SurveyEnd => ({
    end: offset,
    reason,
    why,
    lastStoreTimestamp,
  })
  while (offset < options.to) {
    const walked = await walkLog(segments, {
      from: offset,
      to: Math.min(options.to, offset + SPAN_SIZE),
      isIntact,
      recordSizeMax: segments.segmentSize,
      visit: options.visit,
    })
    offset = walked.end
    if (walked.lastStoreTimestamp > 0) lastStoreTimestamp = walked.lastStoreTimestamp
    if ((await options.progress?.(offset)) === false) return ended('stopped')
    if (walked.reason === 'limit') continue
    const next =
      walked.reason === 'bad'
        ? (await nextRecord(segments, isIntact, offset + 1, segments.end, lastStoreTimestamp))?.physicalOffset
        : await findFile(segments, offset)
    if (next === undefined) {
      return ended(walked.reason === 'bad' ? 'torn' : 'unwritten', await diagnose(segments, offset))
    }
    options.bad?.({ from: offset, to: next, why: await diagnose(segments, offset) })
    offset = next
  }
  return ended('limit')
}

/** The next file that begins with a record, for space that was never written before it. */
async function findFile(segments: LogSegments, from: number): Promise<number | undefined> {
  for (const start of segments.starts) {
    if (start > from && ((await storeTimestampAt(segments, start)) ?? 0) > 0) return start
  }
  return undefined
}

/** In words, what is wrong with the bytes at an offset where a record should begin. */
async function diagnose(segments: LogSegments, offset: number): Promise<string> {
  if (segments.readable(offset) === undefined) return 'the file is missing'
  const left = segments.startOf(offset) + segments.segmentSize - offset
  const head = Buffer.alloc(Math.min(recordLayout.body, left))
  await readAt(segments, offset, head)
  if (head.length < 8) return `only ${head.length} bytes are left in the file`
  const size = head.readInt32BE(0)
  const magic = head.readInt32BE(recordLayout.magic)
  if (size === 0 && magic === 0) return 'never written'
  if (magic === BLANK_MAGIC) return `an end-of-file blank of ${size} bytes`
  if (magic !== MAGIC_V1 && magic !== MAGIC_V2) return `magic ${hex(magic)} is not a record's`
  if (size > left || size < 0) return `size ${size}, but ${left} bytes are left in the file`
  if (size > DIAGNOSED_SIZE) return `size ${size} is larger than any record`
  const bytes = Buffer.alloc(size)
  await readAt(segments, offset, bytes)
  const record = emptyScan()
  if (scanRecord(bytes, 0, size, record) !== 'record')
    return 'the lengths of its parts do not add up to its size'
  if (record.physicalOffset !== offset) return `it says that it lies at ${record.physicalOffset}`
  if (record.storeTimestamp <= 0) return `its store time is ${record.storeTimestamp}`
  if (record.queueId < 0 || record.queueOffset < 0) return 'its queue id or queue offset is negative'
  const crc = bodyCrc(bytes.subarray(record.bodyAt, record.bodyAt + record.bodySize))
  if (record.bodySize > 0 && crc !== record.bodyCrc)
    return `its body has the CRC ${hex(crc)}, the record says ${hex(record.bodyCrc)}`
  return 'the CRC of the whole record is not the one in rockhopper/crc'
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`
}

/** Bytes of one file; how many there were. */
async function readAt(segments: LogSegments, offset: number, into: Buffer): Promise<number> {
  const held = segments.hold(offset)
  if (held === undefined) return 0
  const position = offset % segments.segmentSize
  const length = Math.min(into.length, segments.segmentSize - position)
  return readFullyPooled(held.file, into, 0, length, position).finally(() => held.release())
}
