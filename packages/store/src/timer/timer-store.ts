import type { Clock, Disk } from '@rockhopper/env'
import { TimerCheckpoint, type TimerProgress } from './timer-checkpoint.js'
import { TimerLog } from './timer-log.js'
import { recoverTimer } from './timer-recovery.js'
import { TIMER_UNIT_SIZE, TimerMagic, type TimerUnit } from './timer-unit.js'
import { grown, type TimerSlot, TimerWheel } from './timer-wheel.js'

/** Ticks the wheel looks ahead, whatever their length (Apache: TIMER_WHEEL_TTL_DAY x DAY_SECS). */
export const TIMER_SLOTS_TOTAL = 7 * 86_400

export interface TimerStoreOptions {
  readonly env: { readonly clock: Clock; readonly disk: Disk }
  readonly storePathRootDir: string
  /** Ms of a tick (timerPrecisionMs). */
  readonly precisionMs: number
  /** Bytes of a file of the timer log (mappedFileSizeTimerLog). */
  readonly logFileSize: number
  /** For tests: default TIMER_SLOTS_TOTAL. */
  readonly slotsTotal?: number
}

/** What `list` finds: log positions, oldest first. */
export interface TimerList {
  readonly messages: readonly number[]
  readonly recalls: readonly number[]
}

/** Ms that a walk may hold the loop, and units between two looks at the clock. */
const HELD_MAX_MS = 5
const UNITS_PER_LOOK = 512

/**
 * The messages that wait for their time: wheel, log and checkpoint in a store directory, in Apache's bytes
 * (store-format.md section 11). The caller holds the store's lock. `add` and the reads are synchronous;
 * nothing is durable before `flush`. After a call threw DiskError the same call may be repeated, but not
 * after `flush` rejected: what was synced is unknown then, and only a new `open` finds out.
 */
export class TimerStore {
  readonly precisionMs: number
  readonly slotsTotal: number
  readonly #wheel: TimerWheel
  readonly #log: TimerLog
  readonly #checkpoint: TimerCheckpoint
  readonly #clock: Clock
  #readTimeMs = 0

  constructor({ env, storePathRootDir: root, precisionMs, logFileSize, slotsTotal }: TimerStoreOptions) {
    this.precisionMs = precisionMs
    this.slotsTotal = slotsTotal ?? TIMER_SLOTS_TOTAL
    this.#clock = env.clock
    this.#wheel = new TimerWheel(env.disk, `${root}/timerwheel`, this.slotsTotal, precisionMs)
    this.#log = new TimerLog(env.disk, `${root}/timerlog`, logFileSize)
    this.#checkpoint = new TimerCheckpoint(env.disk, `${root}/config/timercheck`)
  }

  /** Loads and recovers. Rejects with MqError STORE_FILE_SIZE or DiskError. */
  async open(): Promise<void> {
    this.#checkpoint.load()
    this.#wheel.open()
    this.#log.open()
    this.#readTimeMs = await recoverTimer(
      { wheel: this.#wheel, log: this.#log, checkpoint: this.#checkpoint },
      {
        slotsTotal: this.slotsTotal,
        precisionMs: this.precisionMs,
        now: this.#clock.now(),
        nextTurn: () => this.#nextTurn(),
      },
    )
  }

  /** The first slot to read after `open`, ms since 1970. */
  get firstReadTimeMs(): number {
    return this.#readTimeMs
  }

  /** As the last `save` or the file said. */
  get progress(): TimerProgress {
    return this.#checkpoint.progress
  }

  /** Body of code 60. */
  encodeProgress(): Buffer {
    return this.#checkpoint.encode()
  }

  /** Log position of the next unit. */
  get logEnd(): number {
    return this.#log.end
  }

  /** Puts a unit into the slot of its time. Throws DiskError; then nothing changed. */
  add(unit: Omit<TimerUnit, 'prevPos'>): void {
    const timeMs = unit.timeMs - (unit.timeMs % this.precisionMs)
    const slot = this.#wheel.slot(timeMs)
    const position = this.#log.append({ ...unit, prevPos: slot?.lastPos ?? -1 })
    this.#wheel.put(grown(slot, timeMs, position, (unit.magic & TimerMagic.DELETE) !== 0 ? -1 : 1))
  }

  slot(timeMs: number): TimerSlot | undefined {
    return this.#wheel.slot(timeMs)
  }

  /** The first time in [fromMs, toMs) with a used slot. Reads the wheel: ask for at most a few hours. */
  nextSlot(fromMs: number, toMs: number): number | undefined {
    return this.#wheel.nextSlot(fromMs, toMs)
  }

  /** The unit at a position of `list`; undefined when the log lost it. Throws DiskError. */
  unit(position: number): TimerUnit | undefined {
    const unit = this.#log.read(position, 'newer')
    return unit === 'blank' ? undefined : unit
  }

  /** Units before `position`, newest first. */
  *unitsBefore(position: number): Generator<TimerUnit> {
    const size = this.#log.fileSize
    let at = position
    while (at > this.#log.start) {
      at = at % size === 0 ? this.#log.lastUnitOfFile(at - size) : at - TIMER_UNIT_SIZE
      const unit = this.#log.read(at, 'older')
      if (unit === undefined || unit === 'blank') return
      yield unit
    }
  }

  /**
   * What a slot holds at or behind log position `from`, oldest first; 8 bytes of memory a message. Walks in
   * pieces: the loop goes on meanwhile. Rejects with DiskError.
   */
  async list(timeMs: number, from: number): Promise<TimerList> {
    const messages: number[] = []
    const recalls: number[] = []
    let position = this.#wheel.slot(timeMs)?.lastPos ?? -1
    let began = this.#clock.monotonic()
    for (let count = 1; position >= 0; count++) {
      if (count % UNITS_PER_LOOK === 0 && this.#clock.monotonic() - began >= HELD_MAX_MS) {
        await this.#nextTurn()
        began = this.#clock.monotonic()
      }
      const unit = this.#log.read(position, 'older')
      if (unit === undefined || unit === 'blank') break
      const recall = (unit.magic & TimerMagic.DELETE) !== 0 && (unit.magic & TimerMagic.ROLL) === 0
      // A recall is asked for again with each part of a slot.
      if (recall) recalls.push(position)
      else if (position >= from) messages.push(position)
      position = unit.prevPos < position ? unit.prevPos : -1
    }
    return { messages: messages.reverse(), recalls: recalls.reverse() }
  }

  /** Messages in the slots from `timeMs` on; a recall counts -1. Reads the whole wheel. */
  async waiting(timeMs: number): Promise<number> {
    this.#wheel.write()
    return (await this.#wheel.scan(timeMs, Number.POSITIVE_INFINITY)).num
  }

  /** Writes and syncs log and wheel. Returns the log position up to which all is durable. */
  async flush(): Promise<number> {
    this.#log.write()
    const end = this.#log.end
    await this.#log.sync()
    this.#wheel.write()
    await this.#wheel.sync()
    return end
  }

  /** Rejects with DiskError; then the older progress stands. */
  async save(progress: TimerProgress): Promise<void> {
    await this.#checkpoint.save(progress, this.#clock.now())
  }

  /** Removes log files whose messages the commit log no longer has. */
  removeExpired(minPhysicalOffset: number): void {
    this.#log.removeExpired(minPhysicalOffset)
  }

  close(): void {
    this.#wheel.close()
    this.#log.close()
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#clock.endOfTurn(resolve))
  }
}
