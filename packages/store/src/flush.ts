import type { Cancel, Clock } from '@rockhopper/env'
import { BehindWrite } from './behind-write.js'
import {
  diskErrorCode,
  hasNoDescriptor,
  TornWrite,
  writeFully,
  writeFullyPooled,
  writeZeros,
} from './full-write.js'
import type { LogSegments } from './log-segments.js'
import type { LogTail, TailSpan } from './log-tail.js'
import { slowWatch } from './slow-watch.js'
import { SyncGroup } from './sync-group.js'

/**
 * A write that took longer than this sends the next one to the pool, so that the loop does not wait for the
 * disk. On the pool it is slow when it is not over two turns of the loop later (slow-watch.ts).
 */
const SLOW_WRITE_MS = 5
/**
 * The first write into each piece of the log of this size takes zeros with it up to the piece's end, so that
 * the system keeps the piece in few large pages of memory instead of many small ones: a write of 24 KB costs
 * 7 us instead of 13 (ext4, Linux 6.18). With a sync for each group they would be written to the disk twice.
 */
const PIECE_SIZE = 128 * 1024
/** A sync that found no descriptor is tried again after this. */
const SYNC_AGAIN_MS = 100

export interface FlushOptions {
  readonly clock: Clock
  readonly segments: LogSegments
  readonly tail: LogTail
  /** Sync as soon as bytes are written (group commit); else every `intervalMs`. */
  readonly syncAtOnce: boolean
  readonly intervalMs: number
  /** Ms that bytes wait behind a write under way at most. */
  waitMsMax(): number
  /** End of what was placed. */
  placed(): number
  /** `written` or `synced` moved. */
  advanced(): void
  /** There is no room for what was placed behind `written`: it must be taken back before this returns. */
  lost(error: unknown): void
  /** What was placed from here on waits too long: it must be taken back before this returns. */
  overdue(from: number, waitedMs: number): void
  /** The disk failed: nothing is written any more. */
  failed(error: unknown): void
}

/**
 * Moves the watermarks `written` and `synced` behind `placed`: one positional write per turn of the loop,
 * and one fdatasync in flight; what is written meanwhile forms the next group (SyncGroup says when).
 */
export class Flush {
  readonly #options: FlushOptions
  #written = 0
  #synced = 0
  /** Somebody waits for `synced` to reach this. */
  #wanted = 0
  #scheduled = false
  #slow = false
  /** Up to here the file has what was written, or zeros of ours. */
  #pieceEnd = 0
  #stopped = false
  readonly #behind: BehindWrite
  #pooledWrite: Promise<void> | undefined
  #sync: Promise<void> | undefined
  #cancelTimer: Cancel | undefined
  readonly #group: SyncGroup
  #cancelHold: Cancel | undefined

  constructor(options: FlushOptions) {
    this.#options = options
    this.#behind = new BehindWrite(options)
    this.#group = new SyncGroup(options.clock)
  }

  /** Ms that the write under way has taken; 0 when there is none. */
  get writingMs(): number {
    return this.#behind.writingMs
  }

  get written(): number {
    return this.#written
  }

  get synced(): number {
    return this.#synced
  }

  /** Sets both watermarks, after recovery or a cut. */
  moveTo(physicalOffset: number): void {
    this.#written = this.#synced = this.#wanted = this.#pieceEnd = physicalOffset
  }

  /** Something was placed: writes it when the turn ends. */
  schedule(): void {
    if (this.#scheduled || this.#stopped) return
    this.#scheduled = true
    this.#options.clock.endOfTurn(() => {
      this.#scheduled = false
      this.#write()
    })
  }

  /** Syncs up to `physicalOffset` without waiting for the interval. */
  want(physicalOffset: number): void {
    this.#wanted = Math.max(this.#wanted, physicalOffset)
    this.#startSync()
  }

  /** Writes and syncs all that was placed. Resolves early when the disk refuses. */
  async drain(): Promise<void> {
    this.#write()
    this.#wantNow()
    while (this.#pooledWrite !== undefined || this.#sync !== undefined) {
      await (this.#pooledWrite ?? this.#sync)
      this.#write()
      this.#wantNow()
    }
  }

  /** Nothing starts any more; resolves when no call of the disk is under way. */
  async stop(): Promise<void> {
    this.#stopNow()
    while (this.#pooledWrite !== undefined || this.#sync !== undefined)
      await (this.#pooledWrite ?? this.#sync)
  }

  /** As `want`, and without waiting for a larger group. */
  #wantNow(): void {
    this.#wanted = Math.max(this.#wanted, this.#options.placed())
    this.#startSync(true)
  }

  #write(): void {
    const { clock, tail, placed } = this.#options
    const before = this.#written
    while (!this.#stopped && this.#pooledWrite === undefined && this.#written < placed()) {
      const span = tail.spanAt(this.#written)
      if (span === undefined) return this.#fail(new Error(`the tail lost its bytes at ${this.#written}`))
      if (this.#slow) {
        this.#behind.begin(span.end)
        this.#pooledWrite = this.#writePooled(span).then(
          () => this.#afterPooledWrite(span.end),
          (error) => {
            this.#pooledWrite = undefined
            this.#behind.end()
            this.#refused(error)
          },
        )
        break
      }
      const startedAt = clock.monotonic()
      try {
        this.#writeSpan(span)
      } catch (error) {
        if (this.#written > before) this.#advancedWritten()
        return this.#refused(error)
      }
      this.#slow = clock.monotonic() - startedAt > SLOW_WRITE_MS
      this.#written = span.end
    }
    if (this.#written > before) this.#advancedWritten()
    if (this.#pooledWrite !== undefined) this.#behind.placedUpTo(placed())
  }

  #writeSpan(span: TailSpan): void {
    const { segments, syncAtOnce, tail } = this.#options
    const { segmentSize } = segments
    let { length } = span
    if (!syncAtOnce && span.end > this.#pieceEnd) {
      const segmentEnd = segments.startOf(this.#written) + segmentSize
      length = tail.withZeros(span, Math.min(segmentEnd, Math.ceil(span.end / PIECE_SIZE) * PIECE_SIZE))
      this.#pieceEnd = span.end + length - span.length
    }
    try {
      writeFully(segments.writable(this.#written), span.bytes, span.at, length, this.#position())
    } catch (error) {
      // No room for zeros is no loss.
      if (!(error instanceof TornWrite) || error.taken < span.length) throw error
    }
  }

  async #writePooled(span: TailSpan): Promise<void> {
    const { clock, segments } = this.#options
    const wasSlow = slowWatch(clock, SLOW_WRITE_MS)
    try {
      const file = segments.writable(this.#written)
      await writeFullyPooled(file, span.bytes, span.at, span.length, this.#position())
    } finally {
      this.#slow = wasSlow()
    }
  }

  #afterPooledWrite(end: number): void {
    this.#pooledWrite = undefined
    this.#behind.end()
    this.#written = end
    this.#advancedWritten()
    this.#write()
  }

  #advancedWritten(): void {
    this.#options.tail.trim(this.#written)
    this.#startSync()
    this.#options.advanced()
    this.#armTimer()
  }

  #armTimer(): void {
    if (this.#stopped || this.#sync !== undefined || this.#cancelTimer !== undefined) return
    if (this.#synced >= this.#written) return
    this.#cancelTimer = this.#options.clock.after(this.#options.intervalMs, () => {
      this.#cancelTimer = undefined
      this.want(this.#written)
    })
  }

  #startSync(now = false): void {
    if (this.#sync !== undefined || this.#stopped || this.#synced >= this.#written) return
    const { clock, syncAtOnce, segments } = this.#options
    if (!syncAtOnce && this.#wanted <= this.#synced) return
    if (syncAtOnce && !now && this.#isHeld()) return
    this.#release()
    const target = this.#written
    const startedAt = clock.monotonic()
    this.#sync = segments.sync(this.#synced, target).then(
      () => this.#afterSync(target, clock.monotonic() - startedAt),
      (error) => this.#syncRefused(error),
    )
  }

  /** The group may still grow: its sync starts when more is written, or then. */
  #isHeld(): boolean {
    const holdMs = this.#group.holdMs(this.#written - this.#synced)
    if (holdMs === 0) return false
    this.#cancelHold ??= this.#options.clock.after(holdMs, () => {
      this.#cancelHold = undefined
      this.#startSync()
    })
    return true
  }

  #syncRefused(error: unknown): void {
    this.#sync = undefined
    if (!hasNoDescriptor(error) || this.#stopped) return this.#fail(error)
    this.#cancelHold ??= this.#options.clock.after(SYNC_AGAIN_MS, () => {
      this.#cancelHold = undefined
      this.#startSync(true)
    })
  }

  #release(): void {
    this.#cancelHold?.()
    this.#cancelHold = undefined
  }

  #afterSync(target: number, tookMs: number): void {
    this.#sync = undefined
    if (this.#stopped) return
    this.#group.ended(tookMs, target - this.#synced, this.#written - target)
    this.#synced = target
    // What arrived before in this turn joins the group; the disk works on it while the loop answers the
    // last one.
    if (this.#options.syncAtOnce) this.#write()
    this.#startSync()
    this.#options.advanced()
    this.#armTimer()
  }

  /**
   * Without room the torn bytes become zeros again and what was placed is given up; nobody saw it
   * (architecture.md section 3). Anything else is the end of this store.
   */
  #refused(error: unknown): void {
    const code = diskErrorCode(error)
    if (code === undefined || code === 'EIO') return this.#fail(error)
    const torn = error instanceof TornWrite ? error.taken : 0
    // A file that could not be made cannot hold torn bytes.
    if (error instanceof TornWrite && code !== 'ENOSPC' && code !== 'EDQUOT') return this.#fail(error)
    try {
      if (torn > 0) writeZeros(this.#options.segments.writable(this.#written), this.#position(), torn)
    } catch (zeroError) {
      return this.#fail(zeroError)
    }
    this.#options.lost(error)
  }

  #fail(error: unknown): void {
    this.#stopNow()
    this.#options.failed(error)
  }

  #stopNow(): void {
    this.#stopped = true
    this.#behind.stop()
    this.#release()
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #position(): number {
    return this.#written % this.#options.segments.segmentSize
  }
}
