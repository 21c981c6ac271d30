import type { Disk, DiskFile } from '@rockhopper/env'
import { loadSegments } from './data-files.js'
import type { Descriptors, HeldFile } from './descriptors.js'
import { readFullyPooled, writeZeros } from './full-write.js'
import { segmentName } from './segment-name.js'

const SCAN_SIZE = 1024 * 1024

/**
 * The files of the commit log: all of one size, named by their first offset, preallocated with zeros
 * (store-format.md section 2). Knows nothing of records.
 */
export class LogSegments {
  readonly directory: string
  readonly segmentSize: number
  readonly #disk: Disk
  readonly #descriptors: Descriptors
  /** First offsets, ascending, without holes. */
  #starts: number[] = []
  /** The file written to: kept open outside the descriptor set. */
  #current: { readonly start: number; readonly file: DiskFile } | undefined
  #directoryDirty = false
  /** The file that left the log last, while it is still on disk. */
  #leaving: number | undefined

  constructor(disk: Disk, descriptors: Descriptors, directory: string, segmentSize: number) {
    this.#disk = disk
    this.#descriptors = descriptors
    this.directory = directory
    this.segmentSize = segmentSize
  }

  /** Finds the files. An empty last one is removed; any other size is refused (MappedFileQueue#load). */
  load(aborted: boolean): void {
    this.#disk.makeDirectory(this.directory)
    this.#starts = loadSegments(this.#disk, this.directory, this.segmentSize, aborted)
  }

  /**
   * Makes the files that are missing between the first and the last, full of zeros: what was in them is
   * damage like any other. Returns their first offsets. Throws DiskError.
   */
  fillHoles(): number[] {
    const made: number[] = []
    for (let start = this.first; start < this.end; start += this.segmentSize) {
      if (!this.#starts.includes(start)) made.push(start)
    }
    for (const start of made) this.writable(start)
    this.#starts.sort((a, b) => a - b)
    return made
  }

  /** Makes the files that are missing before the one that holds `physicalOffset`. Throws DiskError. */
  makeUpTo(physicalOffset: number): void {
    if (this.#starts.length === 0) return
    for (let start = this.end; start < this.startOf(physicalOffset); start += this.segmentSize)
      this.writable(start)
  }

  get starts(): readonly number[] {
    return this.#starts
  }

  /** First offset there is a file for; 0 without files. */
  get first(): number {
    return this.#starts[0] ?? 0
  }

  /** Offset behind the last file. */
  get end(): number {
    const last = this.#starts.at(-1)
    return last === undefined ? 0 : last + this.segmentSize
  }

  startOf(physicalOffset: number): number {
    return physicalOffset - (physicalOffset % this.segmentSize)
  }

  /**
   * The file to write `physicalOffset` to; made with its full size when it is not there. Throws DiskError.
   */
  writable(physicalOffset: number): DiskFile {
    const start = this.startOf(physicalOffset)
    if (this.#current?.start === start) return this.#current.file
    const file = this.#disk.open(this.#path(start), { create: true })
    try {
      if (file.size() !== this.segmentSize) file.truncate(this.segmentSize)
    } catch (error) {
      file.close()
      throw error
    }
    if (!this.#starts.includes(start)) {
      this.#starts.push(start)
      this.#directoryDirty = true
    }
    this.#current?.file.close()
    this.#current = { start, file }
    return file
  }

  /** The file that holds an offset, for a call that ends at once; undefined when there is none. */
  readable(physicalOffset: number): DiskFile | undefined {
    const start = this.startOf(physicalOffset)
    if (this.#current?.start === start) return this.#current.file
    return this.#has(start) ? this.#descriptors.file(this.#path(start)) : undefined
  }

  /** The same for pooled calls. */
  hold(physicalOffset: number): HeldFile | undefined {
    const start = this.startOf(physicalOffset)
    return this.#has(start) ? this.#descriptors.hold(this.#path(start)) : undefined
  }

  /** Makes [from, to) durable: new names first, then the bytes, in file order. */
  async sync(from: number, to: number): Promise<void> {
    if (this.#directoryDirty) {
      this.#directoryDirty = false
      try {
        await this.#disk.syncDirectory(this.directory)
      } catch (error) {
        this.#directoryDirty = true
        throw error
      }
    }
    for (let start = this.startOf(from); start < to; start += this.segmentSize) {
      if (this.#current?.start === start) {
        await this.#current.file.sync()
        continue
      }
      const held = this.hold(start)
      try {
        await held?.file.sync()
      } finally {
        held?.release()
      }
    }
  }

  /** Makes everything at and behind an offset zero, removes the files behind it, and makes that durable. */
  async cut(physicalOffset: number): Promise<void> {
    await this.#zeroFrom(physicalOffset)
    await this.removeBehind(physicalOffset)
  }

  /** Removes the files behind the one that holds an offset, and makes that durable. */
  async removeBehind(physicalOffset: number): Promise<void> {
    const keptStart = this.startOf(physicalOffset)
    const removed = this.#starts.filter((start) => start > keptStart)
    // From the last to the first: whenever this ends early, what is left has no hole.
    for (const start of removed.reverse()) this.#remove(start)
    if (removed.length > 0) await this.#disk.syncDirectory(this.directory)
  }

  /** Ms since 1970 of the last change of the first file. Throws DiskError. */
  firstModified(): number | undefined {
    return this.#starts.length === 0 ? undefined : this.#disk.stat(this.#path(this.first))?.mtimeMs
  }

  /** A file left the log and is still on disk. */
  get leaving(): boolean {
    return this.#leaving !== undefined
  }

  /** Takes the first file out of the log, never the last one: nothing new reads it (MappedFile#destroy). */
  leaveFirst(): void {
    if (this.#starts.length < 2 || this.#leaving !== undefined) return
    this.#leaving = this.#starts[0]
    this.#starts = this.#starts.slice(1)
  }

  /**
   * Removes the file that left and makes that durable. False while somebody reads it and `force` is not set.
   */
  async removeLeft(force: boolean): Promise<boolean> {
    if (this.#leaving === undefined) return true
    const path = this.#path(this.#leaving)
    if (!force && this.#descriptors.holds(path) > 0) return false
    this.#descriptors.retire(path)
    this.#disk.remove(path)
    this.#leaving = undefined
    await this.#disk.syncDirectory(this.directory)
    return true
  }

  close(): void {
    this.#current?.file.close()
    this.#current = undefined
  }

  async #zeroFrom(physicalOffset: number): Promise<void> {
    const held = this.hold(physicalOffset)
    if (held === undefined) return
    const window = Buffer.allocUnsafe(SCAN_SIZE)
    const zeros = Buffer.alloc(SCAN_SIZE)
    try {
      let dirty = false
      for (
        let position = physicalOffset % this.segmentSize;
        position < this.segmentSize;
        position += SCAN_SIZE
      ) {
        const length = Math.min(SCAN_SIZE, this.segmentSize - position)
        const count = await readFullyPooled(held.file, window, 0, length, position)
        if (window.compare(zeros, 0, count, 0, count) === 0) continue
        writeZeros(held.file, position, count)
        dirty = true
      }
      if (dirty) await held.file.sync()
    } finally {
      held.release()
    }
  }

  #remove(start: number): void {
    if (this.#current?.start === start) this.close()
    this.#descriptors.retire(this.#path(start))
    this.#disk.remove(this.#path(start))
    this.#starts = this.#starts.filter((other) => other !== start)
  }

  #has(start: number): boolean {
    const index = (start - this.first) / this.segmentSize
    return this.#starts[index] === start
  }

  #path(start: number): string {
    return `${this.directory}/${segmentName(start)}`
  }
}
