import type { Disk, DiskFile } from '@rockhopper/env'
import { loadSegments } from '../data-files.js'
import { readFully, readFullyPooled, writeFully, writeZeros } from '../full-write.js'
import { segmentName } from '../segment-name.js'
import {
  readTimerUnit,
  TIMER_BLANK_SIZE,
  TIMER_UNIT_SIZE,
  type TimerUnit,
  writeTimerBlank,
  writeTimerUnit,
} from './timer-unit.js'

/** Units that wait to be written: 1,260. */
const TAIL_SIZE = 64 * 1024
/** Bytes one read takes: units of a slot often lie side by side. */
const WINDOW_SIZE = 16 * 1024
const CLEAR_SIZE = 1024 * 1024

/**
 * The directory `timerlog` (store-format.md section 11.2; Apache: TimerLog): units of 52 bytes in files of
 * one size, in the order they were put into the wheel. Units that are not written yet are read from memory.
 *
 *     start ...... written ........ end
 *          files            tail
 */
export class TimerLog {
  readonly #disk: Disk
  readonly #directory: string
  readonly #fileSize: number
  readonly #open = new Map<number, DiskFile>()
  readonly #unsynced = new Set<number>()
  readonly #tail = Buffer.allocUnsafe(TAIL_SIZE)
  /** Positions of the files, ascending. */
  #files: number[] = []
  #written = 0
  #end = 0
  #window = { position: 0, bytes: Buffer.alloc(0) }
  #namesChanged = false

  constructor(disk: Disk, directory: string, fileSize: number) {
    this.#disk = disk
    this.#directory = directory
    this.#fileSize = fileSize
  }

  /** Finds the files; `setEnd` must follow. Throws MqError STORE_FILE_SIZE. */
  open(): void {
    this.#files = loadSegments(this.#disk, this.#directory, this.#fileSize, true)
    this.#end = this.#written = this.#files[0] ?? 0
  }

  /** Position of the first unit there is. */
  get start(): number {
    return this.#files[0] ?? this.#written
  }

  /** Position of the next unit. */
  get end(): number {
    return this.#end
  }

  /** Bytes of one file. */
  get fileSize(): number {
    return this.#fileSize
  }

  /** Where the last file ends, units or not. */
  get capacity(): number {
    const last = this.#files.at(-1)
    return last === undefined ? 0 : last + this.#fileSize
  }

  /** Position of the last unit in the full file that begins at `start` (Apache: getOffsetForLastUnit). */
  lastUnitOfFile(start: number): number {
    const room = this.#fileSize - TIMER_BLANK_SIZE
    return start + room - (room % TIMER_UNIT_SIZE) - TIMER_UNIT_SIZE
  }

  /** Adds a unit and returns its position. Throws what `write` throws; then nothing was added. */
  append(unit: TimerUnit): number {
    const left = this.#fileSize - (this.#end % this.#fileSize)
    const blank = left < TIMER_UNIT_SIZE + TIMER_BLANK_SIZE
    if (blank || this.#end - this.#written + TIMER_UNIT_SIZE > TAIL_SIZE) this.write()
    if (blank) {
      writeTimerBlank(this.#tail, 0, left)
      writeFully(this.#writable(this.#end), this.#tail, 0, TIMER_BLANK_SIZE, this.#end % this.#fileSize)
      this.#end = this.#written = this.#end + left
    }
    const position = this.#end
    writeTimerUnit(this.#tail, position - this.#written, unit)
    this.#end += TIMER_UNIT_SIZE
    return position
  }

  /** Writes the tail into the page cache; it never crosses a file. Throws TornWrite or DiskError. */
  write(): void {
    const size = this.#end - this.#written
    if (size === 0) return
    writeFully(this.#writable(this.#written), this.#tail, 0, size, this.#written % this.#fileSize)
    this.#written = this.#end
  }

  /** Makes what was written durable. Rejects with DiskError. */
  async sync(): Promise<void> {
    const files = [...this.#unsynced]
    this.#unsynced.clear()
    for (const start of files) await this.#file(start).sync()
    if (!this.#namesChanged) return
    this.#namesChanged = false
    await this.#disk.syncDirectory(this.#directory)
  }

  /**
   * The unit at a position; undefined where none is, `blank` at the end of a file. `towards` tells which
   * units are asked for next. Throws DiskError.
   */
  read(position: number, towards: 'older' | 'newer'): TimerUnit | 'blank' | undefined {
    // The file of what is in the tail may not be made yet.
    if (position < this.start || position + TIMER_UNIT_SIZE > this.#end) return undefined
    if (position >= this.#written) return readTimerUnit(this.#tail, position - this.#written)
    const { bytes, position: from } = this.#window
    if (position < from || position + TIMER_UNIT_SIZE > from + bytes.length) this.#fill(position, towards)
    return readTimerUnit(this.#window.bytes, position - this.#window.position)
  }

  /** As `read`, but also what lies behind the end: for recovery, which has yet to find it. */
  peek(position: number): TimerUnit | 'blank' | undefined {
    const file = this.#fileStart(position)
    const left = file + this.#fileSize - position
    if (!this.#files.includes(file) || left < TIMER_BLANK_SIZE) return undefined
    const { bytes, position: from } = this.#window
    if (position < from || position + TIMER_UNIT_SIZE > from + bytes.length) this.#fill(position, 'newer')
    return readTimerUnit(this.#window.bytes, position - this.#window.position)
  }

  /** The log ends at `position`: later files go (Apache: truncateDirtyFiles). */
  truncate(position: number): void {
    const keep = this.#files.filter((start) => start < position || start === this.#files[0])
    for (const start of this.#files.slice(keep.length).reverse()) this.#remove(start)
    this.#files = keep
    const last = keep.at(-1)
    this.#end = this.#written = last === undefined ? 0 : Math.max(position, last)
    this.#window = { position: 0, bytes: Buffer.alloc(0) }
  }

  /** Zeroes what a crash left behind the end, so that no later recovery takes it for units. */
  async clearRest(): Promise<void> {
    const start = this.#files.at(-1)
    if (start === undefined) return
    const file = this.#file(start)
    const window = Buffer.allocUnsafe(CLEAR_SIZE)
    const zeros = Buffer.alloc(CLEAR_SIZE)
    for (let at = this.#end - start; at < this.#fileSize; at += CLEAR_SIZE) {
      const count = await readFullyPooled(file, window, 0, Math.min(CLEAR_SIZE, this.#fileSize - at), at)
      if (window.compare(zeros, 0, count, 0, count) === 0) continue
      writeZeros(file, at, count)
      this.#unsynced.add(start)
    }
  }

  /**
   * Removes the oldest files whose last unit points before the first record there is. The last file stays
   * (Apache: deleteExpiredFileByOffsetForTimerLog).
   */
  removeExpired(minPhysicalOffset: number): void {
    while (this.#files.length > 1) {
      const start = this.#files[0] as number
      const unit = this.read(this.lastUnitOfFile(start), 'newer')
      if (unit === undefined || unit === 'blank' || unit.physicalOffset >= minPhysicalOffset) return
      this.#files.shift()
      this.#remove(start)
    }
  }

  close(): void {
    for (const file of this.#open.values()) file.close()
    this.#open.clear()
  }

  #fileStart(position: number): number {
    return position - (position % this.#fileSize)
  }

  #fill(position: number, towards: 'older' | 'newer'): void {
    const start = this.#fileStart(position)
    const end = Math.min(start + this.#fileSize, towards === 'older' ? position + TIMER_UNIT_SIZE : Infinity)
    const from = towards === 'older' ? Math.max(start, end - WINDOW_SIZE) : position
    const to = Math.min(end, from + WINDOW_SIZE)
    const bytes = Buffer.alloc(Math.max(to - from, TIMER_UNIT_SIZE))
    readFully(this.#file(start), bytes, 0, to - from, from - start)
    // What is in the tail is not in the file yet: such a window must not be asked again.
    const known = Math.max(TIMER_UNIT_SIZE, Math.min(bytes.length, this.#knownEnd(to) - from))
    this.#window = { position: from, bytes: bytes.subarray(0, known) }
  }

  /** Before the end is known (recovery), everything in the files is. */
  #knownEnd(to: number): number {
    return this.#written > this.start ? Math.min(to, this.#written) : to
  }

  #file(start: number): DiskFile {
    const known = this.#open.get(start)
    if (known !== undefined) return known
    const file = this.#disk.open(this.#path(start))
    this.#open.set(start, file)
    return file
  }

  #writable(position: number): DiskFile {
    const start = this.#fileStart(position)
    this.#unsynced.add(start)
    if (this.#files.includes(start)) return this.#file(start)
    this.#disk.makeDirectory(this.#directory)
    const file = this.#disk.open(this.#path(start), { create: true })
    this.#open.set(start, file)
    if (file.size() !== this.#fileSize) file.truncate(this.#fileSize)
    this.#files.push(start)
    this.#namesChanged = true
    return file
  }

  #remove(start: number): void {
    this.#open.get(start)?.close()
    this.#open.delete(start)
    this.#unsynced.delete(start)
    this.#disk.remove(this.#path(start))
    this.#namesChanged = true
  }

  #path(start: number): string {
    return `${this.#directory}/${segmentName(start)}`
  }
}
