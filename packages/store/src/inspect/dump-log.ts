import { decodeRecord, type MessageExt } from '@rockhopper/message'
import { isFiller, UNIT_SIZE, unitPhysicalOffset, unitSize, unitTagsCode } from '../consume-queue-unit.js'
import { nextRecord } from '../log-damage.js'
import { apacheCheck } from '../log-walk.js'
import type { ScannedRecord } from '../record-scan.js'
import { type BadRange, type SurveyEnd, surveyLog } from './log-survey.js'
import type { StoreDirectory } from './store-directory.js'

/** Units and entries that are read before the caller gets them. */
const BATCH_COUNT = 2_000

export interface RecordFilter {
  /** Physical offsets; `from` need not be the start of a record. */
  readonly from?: number
  readonly to?: number
  readonly topic?: string
  readonly queueId?: number
  readonly countMax?: number
}

export interface DumpTarget {
  /** A record that the filter takes. */
  record(message: MessageExt): void
  bad?(range: BadRange): void
  /** After each span of the log; false ends the dump. */
  progress?(done: number, total: number): boolean | Promise<boolean>
}

/** Gives every record that the filter takes, in log order. Resolves with where and why it ended. */
export async function dumpLog(
  { segments }: StoreDirectory,
  filter: RecordFilter,
  target: DumpTarget,
): Promise<SurveyEnd> {
  const from = Math.max(filter.from ?? 0, segments.first)
  const to = Math.min(filter.to ?? segments.end, segments.end)
  const start =
    from === segments.first
      ? from
      : ((await nextRecord(segments, apacheCheck(true), from, to, 0))?.physicalOffset ?? to)
  const countMax = filter.countMax ?? Number.MAX_SAFE_INTEGER
  let count = 0
  return surveyLog(segments, {
    from: start,
    to,
    visit(bytes, record) {
      if (count >= countMax || !takes(filter, bytes, record)) return
      count++
      const decoded = decodeRecord(bytes, recordAt(record))
      if (decoded.ok) target.record(decoded.value)
    },
    bad: (range) => target.bad?.(range),
    progress: async (offset) =>
      ((await target.progress?.(offset - start, to - start)) ?? true) && count < countMax,
  })
}

export interface DumpedUnit {
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly size: number
  readonly tagsCode: number
  /** It only takes a place: the entries before it were lost or removed. */
  readonly filler: boolean
}

/** Entries [from, to) of one queue, a batch at a time; false from `take` ends it. */
export async function dumpQueue(
  { queues, env }: StoreDirectory,
  { topic, queueId, from = 0, to = Number.MAX_SAFE_INTEGER, countMax = Number.MAX_SAFE_INTEGER }: QueueFilter,
  take: (units: readonly DumpedUnit[]) => boolean | Promise<boolean>,
): Promise<boolean> {
  const queue = queues.get(topic, queueId)
  if (queue === undefined) return false
  const end = Math.min(to, queue.maxOffset, Math.max(from, queue.minOffset) + countMax)
  for (let offset = Math.max(from, queue.minOffset); offset < end; ) {
    const bytes = queue.read(offset, Math.min(BATCH_COUNT, end - offset))
    if (bytes === undefined || bytes.length === 0) break
    const first = offset
    const units = Array.from({ length: bytes.length / UNIT_SIZE }, (_, i) => unitOf(bytes, i, first + i))
    if (!(await take(units))) break
    offset += units.length
    await new Promise<void>((resolve) => env.clock.endOfTurn(resolve))
  }
  return true
}

export interface QueueFilter {
  readonly topic: string
  readonly queueId: number
  /** Queue offsets. */
  readonly from?: number
  readonly to?: number
  readonly countMax?: number
}

export interface DumpedIndexEntry {
  readonly file: string
  readonly number: number
  readonly hash: number
  readonly physicalOffset: number
  readonly storeTimestamp: number
  readonly previous: number
}

/** Index entries of records in [from, to), oldest first, a batch at a time; false from `take` ends it. */
export async function dumpIndex(
  { index, env }: StoreDirectory,
  { from = 0, to = Number.MAX_SAFE_INTEGER, countMax = Number.MAX_SAFE_INTEGER }: RecordFilter,
  take: (entries: readonly DumpedIndexEntry[]) => boolean | Promise<boolean>,
): Promise<void> {
  let left = countMax
  for (const file of index) {
    const name = file.path.slice(file.path.lastIndexOf('/') + 1)
    for (let number = 1; number <= file.entryCount && left > 0; ) {
      const entries: DumpedIndexEntry[] = []
      for (; number <= file.entryCount && entries.length < Math.min(BATCH_COUNT, left); number++) {
        const entry = file.entry(number)
        if (entry === undefined) break
        if (entry.physicalOffset >= from && entry.physicalOffset < to)
          entries.push({ file: name, number, ...entry })
      }
      left -= entries.length
      if (!(await take(entries))) return
      if (number <= file.entryCount && file.entry(number) === undefined) break
      await new Promise<void>((resolve) => env.clock.endOfTurn(resolve))
    }
  }
}

function takes({ topic, queueId }: RecordFilter, bytes: Buffer, record: ScannedRecord): boolean {
  if (queueId !== undefined && record.queueId !== queueId) return false
  if (topic === undefined) return true
  return bytes.toString('utf8', record.topicAt, record.topicAt + record.topicSize) === topic
}

/** Where the record begins in the bytes it was scanned in: its last part ends with it. */
function recordAt({ propertiesAt, propertiesSize, size }: ScannedRecord): number {
  return propertiesAt + propertiesSize - size
}

function unitOf(bytes: Buffer, index: number, queueOffset: number): DumpedUnit {
  const at = index * UNIT_SIZE
  return {
    queueOffset,
    physicalOffset: unitPhysicalOffset(bytes, at),
    size: unitSize(bytes, at),
    tagsCode: unitTagsCode(bytes, at),
    filler: isFiller(bytes, at),
  }
}
