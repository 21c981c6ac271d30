import {
  BLANK_MAGIC,
  MAGIC_V1,
  MAGIC_V2,
  recordMagic,
  recordPhysicalOffset,
  recordQueueId,
  recordQueueOffset,
  recordTotalSize,
} from '@rockhopper/message'
import type { ConsumeQueue } from './consume-queue.js'
import type { LogReader } from './log-reader.js'
import { emptyScan, scanRecord } from './record-scan.js'

/** A span is read whole when it is at most this many times the bytes wanted (performance.md, item 15). */
const SPAN_FACTOR = 4
const SPAN_SIZE_MAX = 4 * 1024 * 1024

export interface WantedRecord {
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly size: number
}

/**
 * The records of some entries of one queue, in as few reads as possible; undefined for an entry whose record
 * is not there or is another one: a wrong entry must never deliver another queue's message (reliability-
 * checklist 6).
 */
export async function readRecords(
  reader: LogReader,
  segmentSize: number,
  queue: ConsumeQueue,
  wanted: readonly WantedRecord[],
): Promise<(Buffer | undefined)[]> {
  const records: (Buffer | undefined)[] = []
  for (let from = 0; from < wanted.length; ) {
    const to = spanEnd(wanted, from, segmentSize)
    const first = wanted[from] as WantedRecord
    const last = wanted[to - 1] as WantedRecord
    const span = Buffer.allocUnsafe(last.physicalOffset + last.size - first.physicalOffset)
    const found = await reader.read(first.physicalOffset, span)
    for (let i = from; i < to; i++) {
      const want = wanted[i] as WantedRecord
      const at = want.physicalOffset - first.physicalOffset
      const record = span.subarray(at, at + want.size)
      records.push(found && isRecordOf(record, queue, want) ? record : undefined)
    }
    from = to
  }
  return records
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

function isRecordOf(record: Buffer, queue: ConsumeQueue, want: WantedRecord): boolean {
  if (record.length < 91 || recordTotalSize(record, 0) !== want.size) return false
  if (recordPhysicalOffset(record, 0) !== want.physicalOffset || recordQueueId(record, 0) !== queue.queueId)
    return false
  if (recordQueueOffset(record, 0) !== want.queueOffset) return false
  return recordTopic(record) === queue.topic
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
  if (!(await reader.read(physicalOffset, head))) return undefined
  const magic = recordMagic(head, 0)
  if (magic === BLANK_MAGIC || (magic !== MAGIC_V1 && magic !== MAGIC_V2)) return undefined
  const size = recordTotalSize(head, 0)
  if (recordPhysicalOffset(head, 0) !== physicalOffset || size < HEAD_SIZE || size > sizeMax) return undefined
  if (physicalOffset + size > limit) return undefined
  const record = Buffer.allocUnsafe(size)
  if (!(await reader.read(physicalOffset, record))) return undefined
  return scanRecord(record, 0, size, emptyScan()) === 'record' ? record : undefined
}
