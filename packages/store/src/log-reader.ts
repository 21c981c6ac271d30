import type { Clock } from '@rockhopper/env'
import { readFully, readFullyPooled } from './full-write.js'
import type { LogSegments } from './log-segments.js'
import type { LogTail } from './log-tail.js'
import type { ScannedRecord } from './record-scan.js'

const COLD_RANGE_SIZE = 16 * 1024 * 1024
const COLD_FOR_MS = 60_000
const SLOW_READ_MS = 2
const POOLED_READS_MAX = 2
const COLD_RANGES_MAX = 4_096
/** So many quick reads on the pool in a row: the slow one was chance, or the range is cached by now. */
const QUICK_READS_WARM = 4

interface ColdRange {
  /** Monotonic time until which it counts as cold. */
  readonly until: number
  quickReads: number
}

/** Where the bytes of a read came from. The tail was made by this process; a file may have rotted. */
export type ReadOutcome = 'tail' | 'file' | 'missing'

/** Judges a record that came from a file, and was scanned; false for one that was damaged there. */
export type VerifyRecord = (bytes: Buffer, at: number, record: ScannedRecord) => boolean

/**
 * Reads of the log: from the tail in memory, else from the file. A read on the loop that took more than 2 ms
 * marks its 16 MiB for a minute: reads there go through the pool, at most two at once, so that a sync finds
 * a thread. A loop that was merely interrupted takes 2 ms, too: reads on the pool that are quick end it.
 */
export class LogReader {
  readonly #segments: LogSegments
  readonly #tail: LogTail
  readonly #clock: Clock
  readonly verify: VerifyRecord
  /** By range number. */
  readonly #cold = new Map<number, ColdRange>()
  #pooledReads = 0
  readonly #waiting: (() => void)[] = []

  constructor(segments: LogSegments, tail: LogTail, clock: Clock, verify: VerifyRecord = () => true) {
    this.#segments = segments
    this.#tail = tail
    this.#clock = clock
    this.verify = verify
  }

  /**
   * Fills `into` from `physicalOffset` on, within one file. 'missing': the log does not hold all of it. What
   * needs no thread is there when it returns: a promise for each record of a batch would cost more than to
   * read it.
   */
  read(physicalOffset: number, into: Buffer): ReadOutcome | Promise<ReadOutcome> {
    if (this.#tail.copy(physicalOffset, into.length, into, 0)) return 'tail'
    if (this.#isCold(physicalOffset)) return this.#readPooled(physicalOffset, into)
    return this.#readNow(physicalOffset, into) ? 'file' : 'missing'
  }

  /** The byte there is in the tail. */
  isInTail(physicalOffset: number): boolean {
    return this.#tail.chunkAt(physicalOffset) !== undefined
  }

  /** As `read`, on the loop: for what was just written. False when it is missing. */
  readNow(physicalOffset: number, into: Buffer): boolean {
    return this.#tail.copy(physicalOffset, into.length, into, 0) || this.#readNow(physicalOffset, into)
  }

  #readNow(physicalOffset: number, into: Buffer): boolean {
    const file = this.#segments.readable(physicalOffset)
    if (file === undefined) return false
    const startedAt = this.#clock.monotonic()
    const count = readFully(file, into, 0, into.length, physicalOffset % this.#segments.segmentSize)
    if (this.#clock.monotonic() - startedAt > SLOW_READ_MS) this.#markCold(physicalOffset)
    return count === into.length
  }

  async #readPooled(physicalOffset: number, into: Buffer): Promise<ReadOutcome> {
    while (this.#pooledReads >= POOLED_READS_MAX)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#pooledReads++
    try {
      const startedAt = this.#clock.monotonic()
      const found = await this.#readHeld(physicalOffset, into)
      this.#sawPooledRead(physicalOffset, this.#clock.monotonic() - startedAt)
      return found ? 'file' : 'missing'
    } finally {
      this.#pooledReads--
      this.#waiting.shift()?.()
    }
  }

  async #readHeld(physicalOffset: number, into: Buffer): Promise<boolean> {
    const held = this.#segments.hold(physicalOffset)
    if (held === undefined) return false
    try {
      const position = physicalOffset % this.#segments.segmentSize
      return (await readFullyPooled(held.file, into, 0, into.length, position)) === into.length
    } finally {
      held.release()
    }
  }

  #isCold(physicalOffset: number): boolean {
    const range = Math.floor(physicalOffset / COLD_RANGE_SIZE)
    const cold = this.#cold.get(range)
    if (cold === undefined) return false
    if (cold.until > this.#clock.monotonic()) return true
    this.#cold.delete(range)
    return false
  }

  #markCold(physicalOffset: number): void {
    if (this.#cold.size >= COLD_RANGES_MAX) this.#cold.clear()
    const until = this.#clock.monotonic() + COLD_FOR_MS
    this.#cold.set(Math.floor(physicalOffset / COLD_RANGE_SIZE), { until, quickReads: 0 })
  }

  #sawPooledRead(physicalOffset: number, tookMs: number): void {
    const range = Math.floor(physicalOffset / COLD_RANGE_SIZE)
    const cold = this.#cold.get(range)
    if (cold === undefined) return
    cold.quickReads = tookMs > SLOW_READ_MS ? 0 : cold.quickReads + 1
    if (cold.quickReads >= QUICK_READS_WARM) this.#cold.delete(range)
  }
}
