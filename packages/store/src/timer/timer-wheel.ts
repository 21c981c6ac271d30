import type { Disk, DiskFile } from '@rockhopper/env'
import { getI64, MqError, putI64 } from '@rockhopper/message'
import { readFully, readFullyPooled, writeFully } from '../full-write.js'

/** Bytes of a slot (Apache: Slot.SIZE). */
export const SLOT_SIZE = 32
const PAGE_SIZE = 4096
const SLOTS_PER_PAGE = PAGE_SIZE / SLOT_SIZE
/** Pages kept in memory: 4 MiB, the slots of a day and a half. */
const PAGES_MAX = 1024
const SCAN_SIZE = 1024 * 1024
const NO_POSITION = -1

/** The messages of one tick, as a list through the timer log. */
export interface TimerSlot {
  /** Start of the tick, ms since 1970. */
  readonly timeMs: number
  /** Position in the timer log of the first unit; only recovery looks at it. */
  readonly firstPos: number
  /** Position of the last unit, each unit tells the one before it; -1 for none. */
  readonly lastPos: number
  /** Messages; a recall counts -1. */
  readonly num: number
}

interface Page {
  readonly bytes: Buffer
  dirty: boolean
}

/** What a look at the whole wheel finds. */
export interface WheelScan {
  /** Smallest firstPos of the slots that point behind the end of the log; Infinity when none does. */
  readonly firstPosBeyond: number
  /** The times of those slots. */
  readonly timesBeyond: readonly number[]
  /** Messages in the slots from the given time on (Apache: TimerWheel.getAllNum). */
  readonly num: number
}

/**
 * The file `timerwheel` (store-format.md section 11.1; Apache: TimerWheel):
 *
 *     0 timeMs / precisionMs   8 firstPos   16 lastPos   24 num (i32)   28 magic (i32, 0)
 *
 * The slot of a time is slot `time / precision % (2 x slotsTotal)`, and it is the time's own only when it
 * says so. Pages are read when they are asked for and written when they changed: what is in memory does not
 * grow with the file. The file is made, as a hole, with the first slot.
 */
export class TimerWheel {
  readonly #disk: Disk
  readonly #path: string
  readonly #precisionMs: number
  readonly #slotCount: number
  readonly #pages = new Map<number, Page>()
  #file: DiskFile | undefined
  #unsynced = false

  constructor(disk: Disk, path: string, slotsTotal: number, precisionMs: number) {
    this.#disk = disk
    this.#path = path
    this.#slotCount = slotsTotal * 2
    this.#precisionMs = precisionMs
  }

  /** Throws MqError STORE_FILE_SIZE for a file of another length, as Apache refuses to start. */
  open(): void {
    const size = this.#disk.stat(this.#path)?.size ?? 0
    if (size === 0) return
    if (size !== this.#size) {
      throw new MqError('STORE_FILE_SIZE', `loading '${this.#path}': it has ${size} bytes, not ${this.#size}`)
    }
    this.#file = this.#disk.open(this.#path)
  }

  /** The slot of a time, or undefined when nothing waits there. */
  slot(timeMs: number): TimerSlot | undefined {
    const index = this.#indexOf(timeMs)
    const page = this.#page(Math.floor(index / SLOTS_PER_PAGE))
    return this.#read(page.bytes, (index % SLOTS_PER_PAGE) * SLOT_SIZE, timeMs)
  }

  put(slot: TimerSlot): void {
    const index = this.#indexOf(slot.timeMs)
    const page = this.#page(Math.floor(index / SLOTS_PER_PAGE))
    const at = (index % SLOTS_PER_PAGE) * SLOT_SIZE
    putI64(page.bytes, at, Math.floor(slot.timeMs / this.#precisionMs))
    putI64(page.bytes, at + 8, slot.firstPos)
    putI64(page.bytes, at + 16, slot.lastPos)
    page.bytes.writeInt32BE(slot.num, at + 24)
    page.bytes.writeInt32BE(0, at + 28)
    page.dirty = true
  }

  /** The first time in [fromMs, toMs) whose slot is used, or undefined. Reads 4 KiB for each 128 slots. */
  nextSlot(fromMs: number, toMs: number): number | undefined {
    let timeMs = this.#floor(fromMs)
    while (timeMs < toMs) {
      const index = this.#indexOf(timeMs)
      const bytes = this.#peek(Math.floor(index / SLOTS_PER_PAGE))
      for (let slot = index % SLOTS_PER_PAGE; slot < SLOTS_PER_PAGE && timeMs < toMs; slot++) {
        if (bytes !== undefined && this.#read(bytes, slot * SLOT_SIZE, timeMs) !== undefined) return timeMs
        timeMs += this.#precisionMs
      }
    }
    return undefined
  }

  /**
   * Looks at every slot from `fromMs` on (Apache: TimerWheel.checkPhyPos), as they were last written. Reads
   * the whole file, a piece at a time.
   */
  async scan(fromMs: number, logEnd: number): Promise<WheelScan> {
    let firstPosBeyond = Number.POSITIVE_INFINITY
    let num = 0
    const timesBeyond: number[] = []
    if (this.#file === undefined) return { firstPosBeyond, timesBeyond, num }
    const window = Buffer.allocUnsafe(Math.min(SCAN_SIZE, this.#size))
    const zeros = Buffer.alloc(PAGE_SIZE)
    const first = Math.floor(fromMs / this.#precisionMs)
    for (let position = 0; position < this.#size; position += window.length) {
      const count = await readFullyPooled(this.#file, window, 0, window.length, position)
      for (let at = 0; at + SLOT_SIZE <= count; at += SLOT_SIZE) {
        const page = Math.min(PAGE_SIZE, count - at)
        if (at % PAGE_SIZE === 0 && window.compare(zeros, 0, page, at, at + page) === 0) {
          at += PAGE_SIZE - SLOT_SIZE
          continue
        }
        const tick = getI64(window, at)
        const ahead = tick - first
        if (ahead < 0 || ahead >= this.#slotCount) continue
        if (tick % this.#slotCount !== (position + at) / SLOT_SIZE) continue
        num += window.readInt32BE(at + 24)
        if (getI64(window, at + 16) < logEnd) continue
        firstPosBeyond = Math.min(firstPosBeyond, getI64(window, at + 8))
        timesBeyond.push(tick * this.#precisionMs)
      }
    }
    return { firstPosBeyond, timesBeyond, num }
  }

  /** Writes the pages that changed into the page cache. Throws TornWrite or DiskError; then they stay. */
  write(): void {
    for (const [number, page] of this.#pages) if (page.dirty) this.#writePage(number, page)
  }

  /** Makes what was written durable. Rejects with DiskError. */
  async sync(): Promise<void> {
    if (!this.#unsynced) return
    this.#unsynced = false
    await this.#file?.sync()
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
    this.#pages.clear()
  }

  get #size(): number {
    return this.#slotCount * SLOT_SIZE
  }

  #floor(timeMs: number): number {
    return timeMs - (timeMs % this.#precisionMs)
  }

  #indexOf(timeMs: number): number {
    return Math.floor(timeMs / this.#precisionMs) % this.#slotCount
  }

  #read(bytes: Buffer, at: number, timeMs: number): TimerSlot | undefined {
    const tick = Math.floor(timeMs / this.#precisionMs)
    if (getI64(bytes, at) !== tick) return undefined
    return {
      timeMs: tick * this.#precisionMs,
      firstPos: getI64(bytes, at + 8),
      lastPos: getI64(bytes, at + 16),
      num: bytes.readInt32BE(at + 24),
    }
  }

  /** A page for looking only: undefined when it was never written, and it is not kept. */
  #peek(number: number): Buffer | undefined {
    const known = this.#pages.get(number)
    if (known !== undefined) return known.bytes
    return this.#file === undefined ? undefined : this.#load(this.#file, number)
  }

  #page(number: number): Page {
    const known = this.#pages.get(number)
    if (known !== undefined) {
      this.#pages.delete(number)
      this.#pages.set(number, known)
      return known
    }
    const bytes = this.#file === undefined ? Buffer.alloc(PAGE_SIZE) : this.#load(this.#file, number)
    const page = { bytes, dirty: false }
    this.#pages.set(number, page)
    this.#shrink()
    return page
  }

  /** The last page may be short; what is behind its end is never looked at. */
  #load(file: DiskFile, number: number): Buffer {
    const bytes = Buffer.alloc(PAGE_SIZE)
    const position = number * PAGE_SIZE
    readFully(file, bytes, 0, Math.min(PAGE_SIZE, this.#size - position), position)
    return bytes
  }

  /** The oldest goes. One that cannot be written stays: the next write tells. */
  #shrink(): void {
    if (this.#pages.size <= PAGES_MAX) return
    for (const [number, page] of this.#pages) {
      if (page.dirty) this.#writePage(number, page)
      this.#pages.delete(number)
      return
    }
  }

  #writePage(number: number, page: Page): void {
    this.#file ??= this.#create()
    const position = number * PAGE_SIZE
    writeFully(this.#file, page.bytes, 0, Math.min(PAGE_SIZE, this.#size - position), position)
    page.dirty = false
    this.#unsynced = true
  }

  #create(): DiskFile {
    const file = this.#disk.open(this.#path, { create: true })
    if (file.size() !== this.#size) file.truncate(this.#size)
    return file
  }
}

/** The slot after one more unit at `position` was put into it (Apache: TimerMessageStore.doEnqueue). */
export function grown(
  slot: TimerSlot | undefined,
  timeMs: number,
  position: number,
  change: number,
): TimerSlot {
  if (slot === undefined) return { timeMs, firstPos: position, lastPos: position, num: change }
  const firstPos = slot.firstPos === NO_POSITION ? position : slot.firstPos
  return { timeMs, firstPos, lastPos: position, num: slot.num + change }
}
