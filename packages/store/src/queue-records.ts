import {
  BLANK_MAGIC,
  MAGIC_V1,
  MAGIC_V2,
  RECORD_OVERHEAD,
  recordMagic,
  recordPhysicalOffset,
  recordTotalSize,
} from '@rockhopper/message'
import type { ConsumeQueue } from './consume-queue.js'
import type { LogReader, ReadOutcome } from './log-reader.js'
import type { ReadLoan } from './read-loans.js'
import { emptyScan, scanRecord } from './record-scan.js'

/** A span is read whole when it is at most this many times the bytes wanted (performance.md, item 15). */
const SPAN_FACTOR = 4
const SPAN_SIZE_MAX = 4 * 1024 * 1024

export interface WantedRecord {
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly size: number
}

/** Where records are read from, and the memory they may take. */
export interface RecordSource {
  readonly reader: LogReader
  readonly segmentSize: number
  readonly loan: ReadLoan
}

/**
 * The records of some entries of one queue, in as few reads as possible; undefined for an entry whose record
 * is not there or is another one: a wrong entry must never deliver another queue's message (reliability-
 * checklist 6). What is in the tail is taken from where it lies, when the loan may pin it.
 */
export async function readRecords(
  { reader, segmentSize, loan }: RecordSource,
  queue: ConsumeQueue,
  wanted: readonly WantedRecord[],
): Promise<(Buffer | undefined)[]> {
  const records: (Buffer | undefined)[] = new Array(wanted.length)
  const batch = { reader, queue, wanted, records }
  const spans: Span[] = []
  let size = 0
  for (let from = 0; from < wanted.length; ) {
    const first = wanted[from] as WantedRecord
    const inTail = loan.tailBytes(first.physicalOffset, first.size)
    if (inTail !== undefined) {
      records[from++] = isRecordOf(inTail, queue, first) ? inTail : undefined
      continue
    }
    const to = spanEnd(wanted, from, segmentSize)
    const last = wanted[to - 1] as WantedRecord
    const span = { from, to, size: last.physicalOffset + last.size - first.physicalOffset }
    spans.push(span)
    size += span.size
    from = to
  }
  if (spans.length === 0) return records
  // One buffer for all: records of a thousand queues are a span each.
  const bytes = loan.buffer(size)
  let at = 0
  for (const span of spans) {
    const reading = readSpan(batch, span, bytes.subarray(at, at + span.size))
    if (reading !== undefined) await reading
    at += span.size
  }
  return records
}

/** Entries [from, to) are read together. */
interface Span {
  readonly from: number
  readonly to: number
  readonly size: number
}

interface Batch {
  readonly reader: LogReader
  readonly queue: ConsumeQueue
  readonly wanted: readonly WantedRecord[]
  readonly records: (Buffer | undefined)[]
}

/** Nothing to wait for when it returns undefined. */
function readSpan(batch: Batch, span: Span, bytes: Buffer): Promise<void> | undefined {
  const { physicalOffset } = batch.wanted[span.from] as WantedRecord
  const outcome = batch.reader.read(physicalOffset, bytes)
  if (typeof outcome !== 'string') return outcome.then((found) => takeSpan(batch, span, bytes, found))
  takeSpan(batch, span, bytes, outcome)
  return undefined
}

function takeSpan(
  { reader, queue, wanted, records }: Batch,
  { from, to }: Span,
  bytes: Buffer,
  found: ReadOutcome,
): void {
  if (found === 'missing') return
  const start = (wanted[from] as WantedRecord).physicalOffset
  for (let i = from; i < to; i++) {
    const want = wanted[i] as WantedRecord
    const at = want.physicalOffset - start
    const record = want.size === bytes.length ? bytes : bytes.subarray(at, at + want.size)
    if (!isRecordOf(record, queue, want)) continue
    if (found === 'tail' || reader.verify(record, 0, SCAN)) records[i] = record
  }
}

/** No record lies across the end of a file: a damaged entry must not cost a gigabyte of memory. */
export function fitsInFile(physicalOffset: number, size: number, segmentSize: number): boolean {
  if (physicalOffset < 0 || size < RECORD_OVERHEAD) return false
  return (physicalOffset % segmentSize) + size <= segmentSize
}

/** Index behind the last entry that is read together with the one at `from`. */
function spanEnd(wanted: readonly WantedRecord[], from: number, segmentSize: number): number {
  const first = wanted[from] as WantedRecord
  const segment = Math.floor(first.physicalOffset / segmentSize)
  let wantedSize = first.size
  let to = from + 1
  for (; to < wanted.length; to++) {
    const { physicalOffset, size } = wanted[to] as WantedRecord
    const spanSize = physicalOffset + size - first.physicalOffset
    wantedSize += size
    if (Math.floor(physicalOffset / segmentSize) !== segment || physicalOffset < first.physicalOffset) break
    if (spanSize > SPAN_SIZE_MAX || spanSize > wantedSize * SPAN_FACTOR) break
  }
  return to
}

/** Reused: judging a record leaves no garbage. */
const SCAN = emptyScan()

function isRecordOf(record: Buffer, queue: ConsumeQueue, want: WantedRecord): boolean {
  if (scanRecord(record, 0, record.length, SCAN) !== 'record' || SCAN.size !== want.size) return false
  if (SCAN.physicalOffset !== want.physicalOffset || SCAN.queueId !== queue.queueId) return false
  if (SCAN.queueOffset !== want.queueOffset) return false
  const { topicBytes } = queue
  if (SCAN.topicSize !== topicBytes.length) return false
  for (let i = 0; i < topicBytes.length; i++) {
    if (record[SCAN.topicAt + i] !== topicBytes[i]) return false
  }
  return true
}

/** Topic of the record that starts a buffer, or undefined when none does. */
export function recordTopic(record: Buffer): string | undefined {
  const scan = emptyScan()
  if (scanRecord(record, 0, record.length, scan) !== 'record') return undefined
  return record.toString('utf8', scan.topicAt, scan.topicAt + scan.topicSize)
}

const HEAD_SIZE = 91

/** The record that starts at a physical offset below `limit`, or undefined when none does. */
export async function readRecordAt(
  reader: LogReader,
  physicalOffset: number,
  limit: number,
  sizeMax: number,
): Promise<Buffer | undefined> {
  if (!Number.isSafeInteger(physicalOffset) || physicalOffset < 0 || physicalOffset + HEAD_SIZE > limit)
    return undefined
  const head = Buffer.allocUnsafe(HEAD_SIZE)
  if ((await reader.read(physicalOffset, head)) === 'missing') return undefined
  const magic = recordMagic(head, 0)
  if (magic === BLANK_MAGIC || (magic !== MAGIC_V1 && magic !== MAGIC_V2)) return undefined
  const size = recordTotalSize(head, 0)
  if (recordPhysicalOffset(head, 0) !== physicalOffset || size < HEAD_SIZE || size > sizeMax) return undefined
  if (physicalOffset + size > limit) return undefined
  const record = Buffer.allocUnsafe(size)
  const found = await reader.read(physicalOffset, record)
  const scan = emptyScan()
  if (found === 'missing' || scanRecord(record, 0, size, scan) !== 'record') return undefined
  return found === 'tail' || reader.verify(record, 0, scan) ? record : undefined
}
