import type { Clock, Disk, Host, Log } from '@rockhopper/env'
import { CrcLog } from './crc-log.js'
import type { Descriptors } from './descriptors.js'
import { readFullyPooled } from './full-write.js'
import type { LogSegments } from './log-segments.js'
import { apacheCheck, type RecordCheck } from './log-walk.js'
import { outerCrc } from './outer-crc.js'
import { Quarantine } from './quarantine.js'
import { emptyScan, type ScannedRecord, scanRecord } from './record-scan.js'
import { Round } from './round.js'
import { type LogRange, type SavedState, StateSlots } from './state-slots.js'
import { isTorn } from './torn-record.js'

const SAVE_INTERVAL_MS = 1_000
const NO_RECORD: SavedState['last'] = { physicalOffset: 0, size: 0, crc: 0, storeTimestamp: 0 }

export interface IntegrityOptions {
  readonly clock: Clock
  readonly disk: Disk
  readonly host: Host
  readonly log: Log
  readonly descriptors: Descriptors
  /** Directory `rockhopper` of the store. */
  readonly directory: string
  readonly segments: LogSegments
  /** End of what is dispatched: a record ends there. */
  reached(): number
  /** Resolves when the log is durable up to there, or cannot become so. */
  synced(logEnd: number): Promise<boolean>
  onFailed(error: unknown): void
}

/**
 * What a store knows of its own log beside Apache's files: how far it was durable, what this store wrote,
 * a CRC of each record of that, and what is damaged (docs/durability.md).
 *
 *     first ... [ range we wrote: CRCs hold ] ... durable ... end
 *                                          behind it: the end is cut at the first bad record
 */
export class Integrity {
  readonly quarantine: Quarantine
  readonly crcs: CrcLog
  readonly #options: IntegrityOptions
  readonly #slots: StateSlots
  readonly #round: Round
  #saved: SavedState | undefined
  #token = 0
  #durable: number | undefined
  /** Another broker wrote behind `durable`: its records get no CRC of ours. */
  #visited = false
  #ranges: { from: number; to: number }[] = []
  /** Written over for each record: with a new object for each a send left 160 bytes more of garbage. */
  readonly #last = { ...NO_RECORD }
  /** Where a record lies that is whole by Apache's rules, but not the one that we wrote there. */
  #suspect: number | undefined
  #cutting = false
  #stoppedAt: number | undefined
  scrubbed = 0

  constructor(options: IntegrityOptions) {
    this.#options = options
    const { clock, disk, log, descriptors, directory, segments, onFailed } = options
    const { segmentSize } = segments
    this.quarantine = new Quarantine({ clock, disk, log }, `${directory}/quarantine.json`)
    this.crcs = new CrcLog({ disk, descriptors, directory: `${directory}/crc`, segmentSize, onFailed })
    this.#slots = new StateSlots(disk, `${directory}/state`)
    const save = () => this.#save()
    this.#round = new Round({ clock, log, code: 'store-state', intervalMs: SAVE_INTERVAL_MS, save, onFailed })
  }

  /** Reads what the last life left. */
  load(): void {
    this.#saved = this.#slots.load()
    this.#token = this.#saved?.token ?? this.#options.clock.now() * 1_000 + (this.#options.host.pid % 1_000)
    this.quarantine.load()
    this.crcs.load()
  }

  /** Store time of the last record that this store is known to hold; 0 when none is. */
  get lastStoreTimestamp(): number {
    return this.#last.storeTimestamp
  }

  /** Nobody else wrote since this store was last open, and what it saved is known. */
  get isOurs(): boolean {
    return this.#durable !== undefined && !this.#visited
  }

  /** What `abort` holds behind the process id while this store is open. */
  get mark(): string {
    return `rockhopper ${this.#token}`
  }

  /** Before this the log was durable. Undefined when nothing of ours says: then Apache's rules hold. */
  get durable(): number | undefined {
    return this.#durable
  }

  /**
   * Decides what still holds of what was saved. `abortText` is what `abort` held when the store was found,
   * undefined without one. Another broker that ran here is known by: an `abort` that is not ours, one that
   * is gone although we did not stop, or bytes behind the end that we stopped at.
   */
  async judge(abortText: string | undefined): Promise<void> {
    const saved = this.#saved
    const { segments } = this.#options
    if (saved === undefined || segments.starts.length === 0) return this.#forget()
    const marked = abortText?.includes(this.mark) === true
    const left = saved.stopped ? abortText === undefined || marked : marked
    this.#visited = !left || (saved.stopped && (await this.#isWritten(saved.synced)))
    this.scrubbed = saved.scrubbed
    this.#ranges = saved.ranges.map((range) => ({ ...range }))
    this.#durable = saved.synced
    if (saved.synced < segments.first || (this.#visited && !(await this.#holds(saved.last)))) {
      return this.#forget()
    }
    Object.assign(this.#last, saved.last)
    this.crcs.cut(saved.synced)
    if (!this.#visited) return
    this.scrubbed = 0
    this.#options.log.info('store-visited', { from: saved.synced })
    this.quarantine.cut(saved.synced)
  }

  /** As `apache`, and the CRCs of the whole record where ours is known. */
  checked(apache: RecordCheck): RecordCheck {
    return (bytes, at, record) => {
      if (!apache(bytes, at, record)) return false
      const { physicalOffset } = record
      if (this.#durable === undefined) return true
      if (physicalOffset >= this.#durable) return !isTorn(bytes, at, record)
      const known = this.#crcOf(physicalOffset)
      if (known === undefined || isWhole(bytes, at, record, known)) return true
      // Store times never fall: a younger record than our last one was not written by us, if it is whole.
      const younger = record.storeTimestamp > (this.#saved?.last.storeTimestamp ?? 0)
      if (younger) this.#suspect = physicalOffset
      return false
    }
  }

  /**
   * Whether a record found behind damage is one that stood there: what only looks like a record, in the body
   * of another, has no CRC here.
   */
  expected(check: RecordCheck): RecordCheck {
    return (bytes, at, record) => {
      if (!check(bytes, at, record)) return false
      const { physicalOffset } = record
      const ours = physicalOffset < (this.#saved?.synced ?? 0) && this.#isOurs(physicalOffset)
      return !ours || !this.crcs.covers(physicalOffset) || this.crcs.crcOf(physicalOffset) !== undefined
    }
  }

  /**
   * The bytes at an offset were found to be no record of ours, and none of ours follows. True when another
   * broker's record is there: then all from here on is another broker's.
   */
  isForeign(physicalOffset: number): boolean {
    if (this.#suspect !== physicalOffset) return false
    this.#disown(physicalOffset)
    return true
  }

  /** Whether a record read from a file is what was written: its body, and the rest where ours is known. */
  readonly isIntact: RecordCheck = (bytes, at, record) => {
    return isWhole(bytes, at, record, this.#crcOf(record.physicalOffset))
  }

  /** A record that recovery or dispatch visited, in log order. */
  note(bytes: Buffer, record: ScannedRecord): void {
    const { physicalOffset, size, storeTimestamp } = record
    const last = this.#ranges.at(-1)
    if (last === undefined || this.#visited || physicalOffset < last.to) return
    const crc = outerCrc(bytes, record)
    this.crcs.note(physicalOffset, crc)
    last.to = physicalOffset + size
    this.#last.physicalOffset = physicalOffset
    this.#last.size = size
    this.#last.crc = crc
    this.#last.storeTimestamp = storeTimestamp
  }

  /** Recovery is done, the log is durable up to `end`: from here on every record is ours. */
  async begin(end: number): Promise<void> {
    this.continueAt(end)
    this.quarantine.removeBefore(this.#options.segments.first)
    await this.#saveAs(end, { ...this.#last }, false)
  }

  /** The log goes on at `end`, which need not be where it ended. */
  continueAt(end: number): void {
    this.#ranges = clipped(this.#ranges, end)
    const last = this.#visited ? undefined : this.#ranges.pop()
    this.#ranges.push({ from: last?.from ?? end, to: end })
    this.#visited = false
  }

  /** Judges a record that was read from a file, and scanned. One that fails is quarantined. */
  readonly verify: RecordCheck = (bytes, at, record) => {
    const { physicalOffset, size } = record
    if (this.quarantine.overlaps(physicalOffset, size)) return false
    if (this.isIntact(bytes, at, record)) return true
    this.damaged(physicalOffset, size)
    return false
  }

  /** What was durable is no record any more: told of at once, and saved with the next state. */
  damaged(offset: number, length: number): void {
    this.quarantine.add(offset, length)
    this.#round.arm()
  }

  /** Something was written or synced. */
  advanced(): void {
    this.#round.arm()
  }

  /** Before the log is cut: nothing may speak of what goes. */
  async cut(physicalOffset: number): Promise<void> {
    this.#cutting = true
    try {
      await this.#round.run()
      this.#ranges = clipped(this.#ranges, physicalOffset)
      Object.assign(this.#last, NO_RECORD)
      this.scrubbed = 0
      this.quarantine.cut(physicalOffset)
      await this.#saveAs(physicalOffset, NO_RECORD, false)
      this.crcs.cut(physicalOffset)
      this.continueAt(physicalOffset)
    } finally {
      this.#cutting = false
    }
  }

  /** Retention removed what lies before. */
  removeBefore(physicalOffset: number): void {
    this.crcs.removeBefore(physicalOffset)
    this.quarantine.removeBefore(physicalOffset)
    this.#ranges = this.#ranges.filter(({ to }, i) => to > physicalOffset || i === this.#ranges.length - 1)
    this.#round.arm()
  }

  /** All of the log is durable up to `end`, and nothing will be written. False when that cannot be saved. */
  async stop(end: number): Promise<boolean> {
    this.#stoppedAt = end
    return this.#round.run()
  }

  close(): Promise<void> {
    return this.#round.close()
  }

  async #save(): Promise<boolean> {
    if (this.#cutting) return true
    const { reached, synced } = this.#options
    const logEnd = reached()
    const last = { ...this.#last }
    if (!(await synced(logEnd))) return false
    await this.#saveAs(logEnd, last, this.#stoppedAt === logEnd)
    return this.#stoppedAt === undefined || this.#stoppedAt === logEnd
  }

  /** First what the state speaks of, then the state. */
  async #saveAs(synced: number, last: SavedState['last'], stopped: boolean): Promise<void> {
    await this.crcs.sync()
    await this.quarantine.save()
    const ranges = clipped(this.#ranges, synced)
    const { scrubbed } = this
    this.#saved = { token: this.#token, stopped, synced, last, scrubbed, ranges }
    await this.#slots.save(this.#saved)
  }

  /** Nothing of what was saved holds. */
  async #forget(): Promise<void> {
    if (this.#saved !== undefined) await this.#slots.remove()
    this.#disown(0)
    this.#saved = undefined
    this.#durable = undefined
  }

  /** Another broker wrote from here on: nothing of ours holds there. */
  #disown(physicalOffset: number): void {
    if (this.#saved !== undefined) this.#options.log.info('store-visited', { from: physicalOffset })
    this.#visited = true
    this.scrubbed = 0
    this.#durable = Math.min(this.#durable ?? 0, physicalOffset)
    Object.assign(this.#last, NO_RECORD)
    this.#ranges = clipped(this.#ranges, physicalOffset)
    this.crcs.cut(physicalOffset)
    this.quarantine.cut(physicalOffset)
  }

  #crcOf(physicalOffset: number): number | undefined {
    return this.#isOurs(physicalOffset) ? this.crcs.crcOf(physicalOffset) : undefined
  }

  #isOurs(physicalOffset: number): boolean {
    return this.#ranges.some(({ from, to }) => from <= physicalOffset && physicalOffset < to)
  }

  async #isWritten(physicalOffset: number): Promise<boolean> {
    return (await this.#read(physicalOffset, 8))?.some((byte) => byte !== 0) === true
  }

  async #holds({ physicalOffset, size, crc }: SavedState['last']): Promise<boolean> {
    const bytes = size === 0 ? undefined : await this.#read(physicalOffset, size)
    if (bytes === undefined || scanRecord(bytes, 0, size, SCAN) !== 'record') return false
    return SCAN.size === size && isWhole(bytes, 0, SCAN, crc)
  }

  async #read(physicalOffset: number, size: number): Promise<Buffer | undefined> {
    const { segments } = this.#options
    const held = segments.hold(physicalOffset)
    if (held === undefined) return undefined
    const bytes = Buffer.alloc(size)
    try {
      await readFullyPooled(held.file, bytes, 0, size, physicalOffset % segments.segmentSize)
      return bytes
    } finally {
      held.release()
    }
  }
}

function clipped(ranges: readonly LogRange[], end: number): { from: number; to: number }[] {
  return ranges.filter(({ from }) => from < end).map(({ from, to }) => ({ from, to: Math.min(to, end) }))
}

const SCAN = emptyScan()
const BODY_CHECK = apacheCheck(true)

/** Of records that another broker wrote only the body can be judged: `outer` is not known. */
function isWhole(bytes: Buffer, at: number, record: ScannedRecord, outer: number | undefined): boolean {
  return BODY_CHECK(bytes, at, record) && (outer === undefined || outer === outerCrc(bytes, record))
}
