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
import type { LogBlock, LogBlocks } from './log-blocks.js'
import type { LogReader, ReadOutcome } from './log-reader.js'
import type { ReadLoan } from './read-loans.js'
import { emptyScan, scanRecord } from './record-scan.js'

/** Records that lie at most so many times their size apart are read with what lies between them. */
const APART_MAX = 8
/** Where a filter decides, nobody knows how much comes together. */
const FILTERED_ROOM = 64 * 1024

export interface WantedRecord {
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly size: number
}

/** Where records are read from, and the memory they may take. */
export interface RecordSource {
  readonly reader: LogReader
  readonly blocks: LogBlocks
  readonly loan: ReadLoan
  /** End of what may be seen. */
  readonly readable: number
}

/** Which records are wanted, by their properties, bytes[from, to). */
export interface RecordFilter {
  matches(bytes: Buffer, from: number, to: number): boolean
  /** Asked behind each record that `matches` saw: true ends the read there. */
  enough(): boolean
}

/** What became of the entries of a batch. */
export interface RecordBatch {
  /** Those wanted, in order. */
  readonly records: Buffer[]
  /** Entries whose record is not there, is another one or is damaged. */
  readonly missing: WantedRecord[]
  /** Entries looked at: fewer than were given when the filter had enough. */
  judged: number
  enough: boolean
}

/**
 * The records of some entries of one queue, in as few reads as possible. A wrong entry must never deliver
 * another queue's message (reliability-checklist 6). What is in the tail is taken from where it lies, when
 * the loan may pin it; what comes from a file is put side by side. A filter is asked before a record is
 * checked for damage: a check of what nobody wants was half of a pull that found nothing.
 */
export function readRecords(
  source: RecordSource,
  queue: ConsumeQueue,
  wanted: readonly WantedRecord[],
  filter: RecordFilter | undefined,
): RecordBatch | Promise<RecordBatch> {
  return new BatchRead(source, queue, wanted, filter).run()
}

class BatchRead {
  readonly #source: RecordSource
  readonly #queue: ConsumeQueue
  readonly #wanted: readonly WantedRecord[]
  readonly #filter: RecordFilter | undefined
  readonly #batch: RecordBatch = { records: [], missing: [], judged: 0, enough: false }
  /** The entry at hand. */
  #at = 0
  #room: Buffer | undefined
  #roomUsed = 0

  constructor(
    source: RecordSource,
    queue: ConsumeQueue,
    wanted: readonly WantedRecord[],
    filter: RecordFilter | undefined,
  ) {
    this.#source = source
    this.#queue = queue
    this.#wanted = wanted
    this.#filter = filter
  }

  /** A promise only when a thread reads: one for each record would cost more than to read it. */
  run(): RecordBatch | Promise<RecordBatch> {
    const batch = this.#batch
    while (batch.judged < this.#wanted.length && !batch.enough) {
      this.#at = batch.judged
      const reading = this.#next(this.#wanted[this.#at] as WantedRecord)
      if (reading !== undefined) return reading.then(() => this.run())
    }
    return batch
  }

  /** Judges one entry, or comes nearer to it: a promise when that takes a thread. */
  #next(want: WantedRecord): Promise<unknown> | undefined {
    const { blocks, loan, reader, readable } = this.#source
    const { physicalOffset, size } = want
    const inTail = loan.tailBytes(physicalOffset, size)
    if (inTail !== undefined) {
      if (this.#judge(want, inTail, 0, false)) this.#batch.records.push(inTail)
      return undefined
    }
    let block = blocks.holding(physicalOffset, size)
    if (block === undefined && !reader.isInTail(physicalOffset) && this.#isDense()) {
      const loading = blocks.load(physicalOffset, readable)
      // By then its memory may be another block's again.
      if (loading !== undefined)
        return loading.then(() => this.#take(want, blocks.holding(physicalOffset, size)))
      block = blocks.holding(physicalOffset, size)
    }
    return this.#take(want, block)
  }

  /** From a block when it lies in one, else read for itself. */
  #take(want: WantedRecord, block: LogBlock | undefined): Promise<void> | undefined {
    const { physicalOffset, size } = want
    const at = physicalOffset - (block?.start ?? 0)
    if (block !== undefined) {
      if (this.#judge(want, block.bytes, at, true)) {
        const { room, from } = this.#roomFor(size)
        block.bytes.copy(room, from, at, at + size)
        this.#pick(room, from, size)
      }
      return undefined
    }
    const { room, from } = this.#roomFor(size)
    const outcome = this.#source.reader.read(physicalOffset, room.subarray(from, from + size))
    const judge = (found: ReadOutcome) => {
      if (found === 'missing') this.#miss(want)
      else if (this.#judge(want, room, from, found === 'file')) this.#pick(room, from, size)
    }
    if (typeof outcome !== 'string') return outcome.then(judge)
    judge(outcome)
    return undefined
  }

  /** Whether the entry's record is there, wanted and whole; counts it. */
  #judge(want: WantedRecord, bytes: Buffer, at: number, fromFile: boolean): boolean {
    if (!isRecordOf(bytes, at, this.#queue, want)) return this.#miss(want)
    const filter = this.#filter
    if (filter !== undefined) {
      const { propertiesAt, propertiesSize } = SCAN
      const matches = filter.matches(bytes, propertiesAt, propertiesAt + propertiesSize)
      this.#batch.enough = filter.enough()
      if (!matches) {
        this.#batch.judged++
        return false
      }
    }
    if (fromFile && !this.#source.reader.verify(bytes, at, SCAN)) return this.#miss(want)
    this.#batch.judged++
    return true
  }

  #miss(want: WantedRecord): false {
    this.#batch.missing.push(want)
    this.#batch.judged++
    return false
  }

  #pick(room: Buffer, from: number, size: number): void {
    this.#batch.records.push(room.subarray(from, from + size))
    this.#roomUsed = from + size
  }

  #roomFor(size: number): { readonly room: Buffer; readonly from: number } {
    if (this.#room !== undefined && this.#roomUsed + size <= this.#room.length)
      return { room: this.#room, from: this.#roomUsed }
    let total = Math.max(FILTERED_ROOM, size)
    if (this.#filter === undefined) {
      total = 0
      for (let i = this.#at; i < this.#wanted.length; i++) total += this.#wanted[i]?.size ?? 0
    }
    this.#room = this.#source.loan.buffer(total)
    this.#roomUsed = 0
    return { room: this.#room, from: 0 }
  }

  /** Whether the next entry's record is near one beside it: then what lies between is read, too. */
  #isDense(): boolean {
    const want = this.#wanted[this.#at] as WantedRecord
    const beside = this.#wanted[this.#at + 1] ?? this.#wanted[this.#at - 1]
    if (beside === undefined) return false
    return Math.abs(beside.physicalOffset - want.physicalOffset) <= want.size * APART_MAX
  }
}

/** No record lies across the end of a file: a damaged entry must not cost a gigabyte of memory. */
export function fitsInFile(physicalOffset: number, size: number, segmentSize: number): boolean {
  if (physicalOffset < 0 || size < RECORD_OVERHEAD) return false
  return (physicalOffset % segmentSize) + size <= segmentSize
}

/** Reused: judging a record leaves no garbage. */
const SCAN = emptyScan()

function isRecordOf(bytes: Buffer, at: number, queue: ConsumeQueue, want: WantedRecord): boolean {
  if (scanRecord(bytes, at, at + want.size, SCAN) !== 'record' || SCAN.size !== want.size) return false
  if (SCAN.physicalOffset !== want.physicalOffset || SCAN.queueId !== queue.queueId) return false
  if (SCAN.queueOffset !== want.queueOffset) return false
  const { topicBytes } = queue
  if (SCAN.topicSize !== topicBytes.length) return false
  for (let i = 0; i < topicBytes.length; i++) if (bytes[SCAN.topicAt + i] !== topicBytes[i]) return false
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
