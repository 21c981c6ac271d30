import type { Disk } from '@rockhopper/env'
import { getI32, getI64, putI32, putI64 } from '@rockhopper/message'
import type { Descriptors } from './descriptors.js'
import { readFully, writeFully } from './full-write.js'

const HEADER_SIZE = 40
const SLOT_SIZE = 4
const ENTRY_SIZE = 20
const PAGE_SLOTS = 1_024
const PENDING_SIZE_FIRST = 4 * 1024
const PENDING_SIZE_KEPT = 128 * 1024
const WINDOW_ENTRIES = 3_200

export interface IndexSizes {
  /** Number of slots, Apache's maxHashSlotNum. */
  readonly slotCount: number
  /** Number of entries including entry 0, which is never used: Apache's maxIndexNum. */
  readonly entryCountMax: number
}

export function indexFileSize({ slotCount, entryCountMax }: IndexSizes): number {
  return HEADER_SIZE + slotCount * SLOT_SIZE + entryCountMax * ENTRY_SIZE
}

/** What an entry says, and the number of the entry before it in its slot. */
export interface IndexEntry {
  readonly hash: number
  readonly physicalOffset: number
  readonly storeTimestamp: number
  readonly previous: number
}

/**
 * One index file (store-format.md section 9):
 *
 *     header  beginTimestamp i64 | endTimestamp i64 | beginPhyOffset i64 | endPhyOffset i64
 *             | hashSlotCount i32 | indexCount i32
 *     slots   latest entry of the slot i32, 0 for none
 *     entries hash i32 | physicalOffset i64 | seconds since beginTimestamp i32 | entry before in the slot i32
 *
 * The slots of the file being written are in memory; new entries are too until `writeEntries`: they may
 * stand in the file before the header counts them.
 */
export class IndexFile {
  readonly path: string
  readonly #disk: Disk
  readonly #descriptors: Descriptors
  readonly #sizes: IndexSizes
  beginTimestamp = 0
  endTimestamp = 0
  beginPhysicalOffset = 0
  endPhysicalOffset = 0
  #usedSlots = 0
  /** Number of the next entry. */
  #count = 1
  /** Entries before this one are in the file. */
  #writtenCount = 1
  #slots: Int32Array | undefined
  /** 1 for each page of slots that is not in the file yet. */
  #dirtyPages = new Uint8Array(0)
  /** Something is not in the file, or not counted by its header. */
  unwritten = false
  #pending = Buffer.alloc(0)
  #made = false

  constructor(disk: Disk, descriptors: Descriptors, path: string, sizes: IndexSizes) {
    this.#disk = disk
    this.#descriptors = descriptors
    this.path = path
    this.#sizes = sizes
  }

  get entryCount(): number {
    return this.#count - 1
  }

  get isFull(): boolean {
    return this.#count >= this.#sizes.entryCountMax
  }

  /** Bytes of the entries that are only in memory. */
  get pendingSize(): number {
    return (this.#count - this.#writtenCount) * ENTRY_SIZE
  }

  /** Reads the header of a file that exists. */
  load(): void {
    const header = Buffer.alloc(HEADER_SIZE)
    readFully(this.#descriptors.file(this.path), header, 0, HEADER_SIZE, 0)
    this.#made = true
    this.beginTimestamp = getI64(header, 0)
    this.endTimestamp = getI64(header, 8)
    this.beginPhysicalOffset = getI64(header, 16)
    this.endPhysicalOffset = getI64(header, 24)
    this.#usedSlots = getI32(header, 32)
    this.#count = this.#writtenCount = Math.min(Math.max(1, getI32(header, 36)), this.#sizes.entryCountMax)
  }

  /** A new file goes on where the one before it ended. */
  continueFrom(before: IndexFile): void {
    this.beginTimestamp = this.endTimestamp = before.endTimestamp
    this.beginPhysicalOffset = this.endPhysicalOffset = before.endPhysicalOffset
  }

  add(hash: number, physicalOffset: number, storeTimestamp: number): void {
    const slots = this.#slotTable()
    const slot = hash % this.#sizes.slotCount
    if (this.#count <= 1) {
      this.beginTimestamp = storeTimestamp
      this.beginPhysicalOffset = physicalOffset
    }
    const previous = this.#previous(slots[slot] as number)
    const seconds = Math.floor((storeTimestamp - this.beginTimestamp) / 1_000)
    this.#append(hash, physicalOffset, Math.min(Math.max(0, seconds), 0x7fffffff), previous)
    if (previous === 0) this.#usedSlots++
    slots[slot] = this.#count
    this.#dirtyPages[Math.floor(slot / PAGE_SLOTS)] = 1
    this.unwritten = true
    this.#count++
    this.endTimestamp = storeTimestamp
    this.endPhysicalOffset = physicalOffset
  }

  /** Entries first, then slots, then the header that makes them count. Throws what the disk throws. */
  write(): void {
    if (!this.unwritten) return
    this.writeEntries()
    const file = this.#file()
    const slots = this.#slotTable()
    for (let page = 0; page < this.#dirtyPages.length; page++) {
      if (this.#dirtyPages[page] === 0) continue
      const from = page * PAGE_SLOTS
      const size = toBigEndian(slots, from, Math.min(from + PAGE_SLOTS, slots.length))
      writeFully(file, PAGE, 0, size, HEADER_SIZE + from * SLOT_SIZE)
    }
    writeFully(file, this.#header(), 0, HEADER_SIZE, 0)
    this.#dirtyPages.fill(0)
    this.unwritten = false
  }

  /** The entries alone. Throws what the disk throws. */
  writeEntries(): void {
    const size = this.pendingSize
    if (size > 0) writeFully(this.#file(), this.#pending, 0, size, this.#entryPosition(this.#writtenCount))
    this.#writtenCount = this.#count
    if (this.#pending.length > PENDING_SIZE_KEPT) this.#pending = Buffer.alloc(0)
  }

  /** The slot table is let go: the file is full and only read from now on. */
  seal(): void {
    this.#slots = undefined
    this.#pending = Buffer.alloc(0)
  }

  /**
   * Keeps the entries of records before `physicalOffset`, in log order, and makes the slots again from them;
   * after a crash slots and header may be of different times. False when none is left.
   */
  cut(physicalOffset: number): boolean {
    const slots = new Int32Array(this.#sizes.slotCount)
    const oldCount = this.#count
    let lastOffset = -1
    let count = 1
    this.#usedSlots = 0
    this.#slots = slots
    for (; count < oldCount; count++) {
      const entry = this.entry(count)
      const slot = (entry?.hash ?? -1) % this.#sizes.slotCount
      if (entry === undefined || slot < 0) break
      if (entry.physicalOffset >= physicalOffset || entry.physicalOffset < lastOffset) break
      if (slots[slot] === 0) this.#usedSlots++
      slots[slot] = count
      lastOffset = entry.physicalOffset
      this.endTimestamp = entry.storeTimestamp
    }
    this.#count = this.#writtenCount = count
    this.#lastWindow = undefined
    this.endPhysicalOffset = Math.max(0, lastOffset)
    this.#dirtyPages = allPages(slots, 1)
    this.unwritten = true
    return count > 1
  }

  /** Number of the latest entry of a hash's slot; 0 for none. */
  latest(hash: number): number {
    const slot = hash % this.#sizes.slotCount
    if (this.#slots !== undefined) return this.#previous(this.#slots[slot] as number)
    const bytes = Buffer.alloc(SLOT_SIZE)
    readFully(this.#file(), bytes, 0, SLOT_SIZE, HEADER_SIZE + slot * SLOT_SIZE)
    return this.#previous(getI32(bytes, 0))
  }

  entry(number: number): IndexEntry | undefined {
    if (number < 1 || number >= this.#count) return undefined
    if (number >= this.#writtenCount)
      return this.#decode(this.#pending, (number - this.#writtenCount) * ENTRY_SIZE)
    const window = this.#window(number)
    return window === undefined ? undefined : this.#decode(window.bytes, (number - window.first) * ENTRY_SIZE)
  }

  #lastWindow: { readonly first: number; readonly bytes: Buffer } | undefined

  /** Entries around a number, so that a walk through the file is not a read per entry. */
  #window(number: number): { readonly first: number; readonly bytes: Buffer } | undefined {
    const last = this.#lastWindow
    if (
      last !== undefined &&
      number >= last.first &&
      (number - last.first + 1) * ENTRY_SIZE <= last.bytes.length
    ) {
      return last
    }
    const walking = last !== undefined && number === last.first + last.bytes.length / ENTRY_SIZE
    const count = Math.min(walking || number === 1 ? WINDOW_ENTRIES : 1, this.#writtenCount - number)
    const bytes = Buffer.alloc(count * ENTRY_SIZE)
    const taken = readFully(this.#file(), bytes, 0, bytes.length, this.#entryPosition(number))
    if (taken < bytes.length) return undefined
    this.#lastWindow = { first: number, bytes }
    return this.#lastWindow
  }

  #decode(bytes: Buffer, at: number): IndexEntry {
    return {
      hash: getI32(bytes, at),
      physicalOffset: getI64(bytes, at + 4),
      storeTimestamp: this.beginTimestamp + getI32(bytes, at + 12) * 1_000,
      previous: getI32(bytes, at + 16),
    }
  }

  #append(hash: number, physicalOffset: number, seconds: number, previous: number): void {
    const at = this.pendingSize
    if (at + ENTRY_SIZE > this.#pending.length) {
      const grown = Buffer.alloc(Math.max(PENDING_SIZE_FIRST, this.#pending.length * 2))
      this.#pending.copy(grown)
      this.#pending = grown
    }
    putI32(this.#pending, at, hash)
    putI64(this.#pending, at + 4, physicalOffset)
    putI32(this.#pending, at + 12, seconds)
    putI32(this.#pending, at + 16, previous)
  }

  #previous(number: number): number {
    return number > 0 && number < this.#count ? number : 0
  }

  #slotTable(): Int32Array {
    if (this.#slots !== undefined) return this.#slots
    this.#slots = this.#made ? this.#readSlots() : new Int32Array(this.#sizes.slotCount)
    this.#dirtyPages = allPages(this.#slots, 0)
    return this.#slots
  }

  #readSlots(): Int32Array {
    const slots = new Int32Array(this.#sizes.slotCount)
    const bytes = Buffer.from(slots.buffer)
    readFully(this.#file(), bytes, 0, bytes.length, HEADER_SIZE)
    bytes.swap32()
    return slots
  }

  #header(): Buffer {
    const header = Buffer.alloc(HEADER_SIZE)
    putI64(header, 0, this.beginTimestamp)
    putI64(header, 8, this.endTimestamp)
    putI64(header, 16, this.beginPhysicalOffset)
    putI64(header, 24, this.endPhysicalOffset)
    putI32(header, 32, this.#usedSlots)
    putI32(header, 36, this.#count)
    return header
  }

  #file(): ReturnType<Descriptors['file']> {
    if (this.#made) return this.#descriptors.file(this.path)
    this.#disk.makeDirectory(this.path.slice(0, this.path.lastIndexOf('/')))
    const file = this.#descriptors.file(this.path, true)
    const size = indexFileSize(this.#sizes)
    if (file.size() !== size) file.truncate(size)
    this.#made = true
    return file
  }

  #entryPosition(number: number): number {
    return HEADER_SIZE + this.#sizes.slotCount * SLOT_SIZE + number * ENTRY_SIZE
  }
}

const allPages = (slots: Int32Array, value: 0 | 1) =>
  new Uint8Array(Math.ceil(slots.length / PAGE_SLOTS)).fill(value)

/** Reused: a second of sends touches some thousand pages. */
const PAGE = Buffer.alloc(PAGE_SLOTS * SLOT_SIZE)

/** Fills PAGE and returns how many bytes of it. Every machine Node runs on is little-endian. */
function toBigEndian(slots: Int32Array, from: number, to: number): number {
  for (let i = from; i < to; i++) putI32(PAGE, (i - from) * SLOT_SIZE, slots[i] as number)
  return (to - from) * SLOT_SIZE
}
