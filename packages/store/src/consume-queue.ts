import type { Disk } from '@rockhopper/env'
import {
  isFiller,
  isUnit,
  UNIT_SIZE,
  unitPhysicalOffset,
  unitSize,
  writeFiller,
  writeUnit,
} from './consume-queue-unit.js'
import { loadSegments, undamaged } from './data-files.js'
import type { Descriptors } from './descriptors.js'
import { readFully, writeFully, writeZeros } from './full-write.js'
import { segmentName } from './segment-name.js'

const TAIL_SIZE_FIRST = 320
const TAIL_SIZE_KEPT = 8 * 1024
/** Fillers in one place are few, but for those before the first entry of a queue: they are not walked. */
const FILLERS_PASSED_MAX = 64
const WINDOW_SIZE = 64 * 1024 - ((64 * 1024) % UNIT_SIZE)

/** What all queues of a store share. */
export interface QueueContext {
  readonly disk: Disk
  readonly descriptors: Descriptors
  /** Bytes of one file, a multiple of 20. */
  readonly fileSize: number
  /** Entries were added that are not written yet. */
  grown(queue: ConsumeQueue): void
  /** A file was written to or made, and is not synced yet. */
  touched(path: string, made: boolean): void
}

/**
 * One consume queue: the entries of a (topic, queueId) in queue order, entry i at byte i x 20
 * (store-format.md section 6). Entries not written yet are in memory and read from there.
 *
 *     minOffset ..... writtenCount ...... maxOffset ....... nextOffset
 *               files               tail          placed, not dispatched
 */
export class ConsumeQueue {
  readonly topic: string
  /** The topic as it stands in records. */
  readonly topicBytes: Buffer
  readonly queueId: number
  readonly directory: string
  /** Queue offset the next record gets when it is placed. */
  nextOffset = 0
  readonly #context: QueueContext
  /** First byte positions of the files, ascending. */
  #files: number[] = []
  #minOffset = 0
  #maxOffset = 0
  #writtenCount = 0
  #tail: Buffer | undefined
  #lastPhysicalEnd = 0

  constructor(context: QueueContext, topic: string, queueId: number, directory: string) {
    this.#context = context
    this.topic = topic
    this.topicBytes = Buffer.from(topic)
    this.queueId = queueId
    this.directory = directory
  }

  get minOffset(): number {
    return this.#minOffset
  }

  get maxOffset(): number {
    return this.#maxOffset
  }

  /** First queue offset that the files have room for. */
  get fileOffset(): number {
    return (this.#files[0] ?? 0) / UNIT_SIZE
  }

  /** Physical offset behind the record of the last entry; 0 without entries. */
  get lastPhysicalEnd(): number {
    return this.#lastPhysicalEnd
  }

  get unwrittenSize(): number {
    return (this.#maxOffset - this.#writtenCount) * UNIT_SIZE
  }

  get isEmpty(): boolean {
    return this.#files.length === 0 && this.#maxOffset === 0
  }

  /**
   * Finds the files and the end: the first entry never written in the last three files (section 6.2). False
   * when an older file is missing or not full, or one has another size than is known: then the queue is
   * empty and must be made again from the log.
   */
  load(aborted: boolean, sizeIsKnown: boolean): boolean {
    const { disk, fileSize } = this.#context
    const files = undamaged(sizeIsKnown, () => loadSegments(disk, this.directory, fileSize, aborted))
    if (files === undefined) {
      disk.removeTree(this.directory)
      return false
    }
    this.#files = files
    if (this.#files.length === 0) return true
    if (!this.#olderFilesAreFull()) {
      this.reset()
      return false
    }
    this.#minOffset = (this.#files[0] as number) / UNIT_SIZE
    for (let i = Math.max(0, this.#files.length - 3); i < this.#files.length; i++) {
      const start = this.#files[i] as number
      const size = this.#validSize(start, () => false)
      this.#setEnd((start + size) / UNIT_SIZE)
      if (size === fileSize) continue
      this.#removeFilesFrom(i + 1)
      break
    }
    if (this.#maxOffset > 0) this.#findLastPhysicalEnd()
    this.nextOffset = this.#maxOffset
    return true
  }

  /** Adds the entry of `queueOffset`, which is at or behind the end; what lies between becomes fillers. */
  append(queueOffset: number, physicalOffset: number, size: number, tagsCode: number): void {
    if (queueOffset > this.#maxOffset) this.#fillTo(queueOffset)
    const tail = this.#tailFor(1)
    writeUnit(tail, this.unwrittenSize, physicalOffset, size, tagsCode)
    this.#maxOffset++
    this.#lastPhysicalEnd = physicalOffset + size
    this.#context.grown(this)
  }

  /** Writes the tail into the files. Throws TornWrite or DiskError; then everything is still in the tail. */
  write(): void {
    const { fileSize } = this.#context
    const tail = this.#tail
    if (tail === undefined) return
    while (this.#writtenCount < this.#maxOffset) {
      const position = this.#writtenCount * UNIT_SIZE
      const start = position - (position % fileSize)
      const size = Math.min(this.unwrittenSize, start + fileSize - position)
      const file = this.#writable(start)
      writeFully(file, tail, 0, size, position - start)
      this.#context.touched(this.#path(start), false)
      tail.copyWithin(0, size, this.unwrittenSize)
      this.#writtenCount += size / UNIT_SIZE
    }
    if (tail.length > TAIL_SIZE_KEPT) this.#tail = undefined
  }

  /**
   * Entries from `from` on as bytes: at most `countMax`, never across a file, empty at the end. Undefined
   * when the file is missing. Throws DiskError.
   */
  read(from: number, countMax: number): Buffer | undefined {
    if (from >= this.#maxOffset || from < 0) return Buffer.alloc(0)
    if (from >= this.#writtenCount) {
      const at = (from - this.#writtenCount) * UNIT_SIZE
      return Buffer.from(
        (this.#tail as Buffer).subarray(at, Math.min(at + countMax * UNIT_SIZE, this.unwrittenSize)),
      )
    }
    const { fileSize, descriptors } = this.#context
    const position = from * UNIT_SIZE
    const start = position - (position % fileSize)
    if (!this.#files.includes(start)) return undefined
    const count = Math.min(countMax, this.#writtenCount - from, (start + fileSize - position) / UNIT_SIZE)
    const bytes = Buffer.allocUnsafe(count * UNIT_SIZE)
    const taken = readFully(descriptors.file(this.#path(start)), bytes, 0, bytes.length, position - start)
    return taken === bytes.length ? bytes : undefined
  }

  /** First queue offset of the file behind the one that holds `queueOffset`. */
  nextFile(queueOffset: number): number {
    const perFile = this.#context.fileSize / UNIT_SIZE
    return queueOffset - (queueOffset % perFile) + perFile
  }

  /** Moves minOffset to the first entry whose record still exists (section 6.4). It never falls. */
  correctMin(firstPhysicalOffset: number): void {
    let low = Math.max(this.#minOffset, (this.#files[0] ?? 0) / UNIT_SIZE)
    let high = this.#maxOffset
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2)
      // A filler in the middle of a queue stands for a record that is damaged: the entry before it tells.
      const told = this.#lastEntry(Math.max(low, middle - FILLERS_PASSED_MAX), middle)
      if (told !== undefined && told.physicalOffset >= firstPhysicalOffset) high = told.queueOffset
      else low = middle + 1
    }
    this.#minOffset = Math.max(this.#minOffset, low)
  }

  /** The last entry in [from, to] that is no filler. */
  #lastEntry(from: number, to: number): { queueOffset: number; physicalOffset: number } | undefined {
    for (let queueOffset = to; queueOffset >= from; queueOffset--) {
      const unit = this.read(queueOffset, 1)
      if (unit === undefined || unit.length === 0) return undefined
      if (!isFiller(unit, 0)) return { queueOffset, physicalOffset: unitPhysicalOffset(unit, 0) }
    }
    return undefined
  }

  /**
   * Removes the files whose entries all point before `firstPhysicalOffset`, from the oldest on, never the
   * last one; returns how many (MappedFileQueue#deleteExpiredFileByOffset). Throws DiskError.
   */
  removeExpired(firstPhysicalOffset: number): number {
    const { disk, descriptors, fileSize } = this.#context
    let removed = 0
    while (this.#files.length > 1) {
      const start = this.#files[0] as number
      const last = this.read((start + fileSize) / UNIT_SIZE - 1, 1)
      if (last === undefined || last.length === 0 || unitPhysicalOffset(last, 0) >= firstPhysicalOffset) break
      descriptors.retire(this.#path(start))
      disk.remove(this.#path(start))
      this.#files.shift()
      removed++
    }
    if (removed > 0) this.#minOffset = Math.max(this.#minOffset, (this.#files[0] as number) / UNIT_SIZE)
    return removed
  }

  /**
   * Drops the entry that points at or behind `physicalOffset`, or does not continue the one before, and all
   * behind it, and zeroes their bytes; with `crashed` the file up to its end, for a power loss leaves pages
   * in any order. The tail must be written. Returns whether anything went.
   */
  cut(physicalOffset: number, crashed: boolean): boolean {
    const before = this.#maxOffset
    while (this.#files.length > 0) {
      const start = this.#files.at(-1) as number
      let lastEnd = 0
      const size = this.#validSize(start, (bytes, at) => {
        if (isFiller(bytes, at)) return false
        const offset = unitPhysicalOffset(bytes, at)
        if (offset >= physicalOffset || offset < lastEnd) return true
        lastEnd = offset + unitSize(bytes, at)
        return false
      })
      if (size > 0) {
        // Behind its last entry a file was never written: reading its zeros would cost every start.
        const written = Math.min(Math.max(before * UNIT_SIZE - start, size), this.#context.fileSize)
        this.#zero(start, size, crashed ? this.#context.fileSize : written)
        this.#setEnd((start + size) / UNIT_SIZE)
        break
      }
      this.#removeFilesFrom(this.#files.length - 1)
      this.#setEnd(start / UNIT_SIZE)
    }
    if (this.#files.length === 0) this.#forget()
    else this.#findLastPhysicalEnd()
    this.nextOffset = this.#maxOffset
    return this.#maxOffset !== before
  }

  /** Removes all entries and files; the queue starts again where the next entry says. */
  reset(): void {
    this.#removeFilesFrom(0)
    this.#forget()
  }

  #forget(): void {
    this.#tail = undefined
    this.#minOffset = this.#maxOffset = this.#writtenCount = this.#lastPhysicalEnd = 0
  }

  #setEnd(count: number): void {
    this.#maxOffset = this.#writtenCount = count
  }

  /** Looks at the ends of each file, not at every entry: the load must not cost by the size of the store. */
  #olderFilesAreFull(): boolean {
    const { descriptors, fileSize } = this.#context
    const unit = Buffer.alloc(UNIT_SIZE)
    return this.#files.every((start, i) => {
      if (i > 0 && start !== (this.#files[i - 1] as number) + fileSize) return false
      if (i >= this.#files.length - 3) return true
      const file = descriptors.file(this.#path(start))
      return [0, fileSize - UNIT_SIZE].every((position) => {
        return readFully(file, unit, 0, UNIT_SIZE, position) === UNIT_SIZE && isUnit(unit, 0)
      })
    })
  }

  /** Bytes of a file up to the first entry that was never written or that `stop` refuses. */
  #validSize(start: number, stop: (bytes: Buffer, at: number) => boolean): number {
    const { descriptors, fileSize } = this.#context
    const file = descriptors.file(this.#path(start))
    const window = Buffer.allocUnsafe(Math.min(WINDOW_SIZE, fileSize))
    for (let position = 0; position < fileSize; position += window.length) {
      const count = readFully(file, window, 0, Math.min(window.length, fileSize - position), position)
      for (let at = 0; at + UNIT_SIZE <= count; at += UNIT_SIZE) {
        if (!isUnit(window, at) || stop(window, at)) return position + at
      }
    }
    return fileSize
  }

  #zero(start: number, position: number, end: number): void {
    const { descriptors, fileSize } = this.#context
    const path = this.#path(start)
    const file = descriptors.file(path)
    const window = Buffer.allocUnsafe(Math.min(WINDOW_SIZE, fileSize))
    const zeros = Buffer.alloc(window.length)
    for (let at = position; at < end; at += window.length) {
      const count = readFully(file, window, 0, Math.min(window.length, end - at), at)
      if (window.compare(zeros, 0, count, 0, count) === 0) continue
      writeZeros(file, at, count)
      this.#context.touched(path, false)
    }
  }

  #findLastPhysicalEnd(): void {
    this.#lastPhysicalEnd = 0
    for (let i = this.#maxOffset - 1; i >= this.#minOffset; i--) {
      const unit = this.read(i, 1)
      if (unit === undefined || unit.length === 0) return
      if (isFiller(unit, 0)) continue
      this.#lastPhysicalEnd = unitPhysicalOffset(unit, 0) + unitSize(unit, 0)
      return
    }
  }

  #fillTo(queueOffset: number): void {
    if (this.isEmpty) {
      const perFile = this.#context.fileSize / UNIT_SIZE
      this.#setEnd(queueOffset - (queueOffset % perFile))
      this.#minOffset = queueOffset
    }
    while (this.#maxOffset < queueOffset) {
      writeFiller(this.#tailFor(1), this.unwrittenSize)
      this.#maxOffset++
    }
    this.#context.grown(this)
  }

  #tailFor(count: number): Buffer {
    const size = this.unwrittenSize + count * UNIT_SIZE
    const tail = this.#tail
    if (tail !== undefined && tail.length >= size) return tail
    const grown = Buffer.allocUnsafe(Math.max(TAIL_SIZE_FIRST, size, (tail?.length ?? 0) * 2))
    tail?.copy(grown, 0, 0, this.unwrittenSize)
    this.#tail = grown
    return grown
  }

  #writable(start: number): ReturnType<Descriptors['file']> {
    const { disk, descriptors, fileSize } = this.#context
    const path = this.#path(start)
    if (this.#files.includes(start)) return descriptors.file(path)
    disk.makeDirectory(this.directory)
    const file = descriptors.file(path, true)
    if (file.size() !== fileSize) file.truncate(fileSize)
    this.#files.push(start)
    this.#context.touched(path, true)
    return file
  }

  #removeFilesFrom(index: number): void {
    for (const start of this.#files.splice(index).reverse()) {
      this.#context.descriptors.retire(this.#path(start))
      this.#context.disk.remove(this.#path(start))
    }
  }

  #path(start: number): string {
    return `${this.directory}/${segmentName(start)}`
  }
}
