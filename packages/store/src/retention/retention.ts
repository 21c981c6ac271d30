import type { Cancel, Clock, Disk, Host, Log } from '@rockhopper/env'
import type { ConsumeQueues } from '../consume-queues.js'
import { diskErrorCode, rethrowAssertion } from '../full-write.js'
import type { LogSegments } from '../log-segments.js'
import type { MessageIndex } from '../message-index.js'
import type { StoreConfig } from '../store-config.js'
import { isHourToDelete } from './delete-when.js'
import type { DeletedTopics } from './deleted-topics.js'
import { type DiskPressure, diskPressure, usedRatio } from './disk-use.js'
import { followLogStart } from './follow-log-start.js'

const FIRST_ROUND_MS = 60_000
const FIRST_DISK_CHECK_MS = 1_000
/** A disk that was full is written to again within 10 s of space (reliability-checklist 10). */
const DISK_CHECK_MS = 5_000
const HOUR_MS = 3_600_000
/** Rounds that one request of code 329 sets off (CleanCommitLogService). */
const MANUAL_ROUNDS = 20

export interface RetentionOptions {
  readonly clock: Clock
  readonly disk: Disk
  readonly host: Pick<Host, 'timezoneOffsetMinutes'>
  readonly log: Log
  /** Read at each round, so that a changed key holds from the next one on. */
  readonly config: StoreConfig
  readonly segments: LogSegments
  readonly queues: ConsumeQueues
  readonly index: MessageIndex | undefined
  readonly deleted: DeletedTopics
  readonly queueDirectory: string
  /** Nothing before this physical offset exists any more. Throws DiskError. */
  logBegins(physicalOffset: number): void
  /** Physical offset up to which records are dispatched and durable: nothing behind it may go. */
  doneTo(): number
}

/**
 * Removes the oldest files of the log, by age, by the use of the disk and by size, and what points into them
 * (store-format.md section 19). A file leaves the log at once and the disk when its last reader is done;
 * queues and index follow only then, so that a crash at any point leaves less of them than of the log, never
 * more.
 */
export class Retention {
  readonly #options: RetentionOptions
  #cancelRound: Cancel | undefined
  #cancelCheck: Cancel | undefined
  #running: Promise<void> | undefined
  #endPause: (() => void) | undefined
  #manualRounds = 0
  #leftSince = 0
  #followedTo = -1
  #diskFull = false
  #stopped = false

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  /** Writes are refused until the disk has space again. */
  get diskFull(): boolean {
    return this.#diskFull
  }

  start(): void {
    this.#armCheck(FIRST_DISK_CHECK_MS)
    this.#armRound(FIRST_ROUND_MS)
  }

  /** No timer fires any more; resolves when no round is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelRound?.()
    this.#cancelCheck?.()
    this.#endPause?.()
    await this.#running
  }

  /** The next 20 rounds remove expired files whatever the hour (code 329). */
  deleteManually(): void {
    this.#manualRounds = MANUAL_ROUNDS
  }

  /** Per cent of the disks of the log and of the queues that are used, as shares of 1. */
  use(): { readonly commitLog: number; readonly consumeQueue: number } {
    const { disk, segments, queueDirectory } = this.#options
    return {
      commitLog: usedRatio(disk.space(segments.directory)),
      consumeQueue: usedRatio(disk.space(queueDirectory)),
    }
  }

  #armCheck(afterMs: number): void {
    if (this.#stopped) return
    this.#cancelCheck = this.#options.clock.after(afterMs, () => {
      this.#pressure()
      this.#armCheck(DISK_CHECK_MS)
    })
  }

  #armRound(afterMs: number): void {
    if (this.#stopped) return
    this.#cancelRound = this.#options.clock.after(afterMs, () => {
      this.#running = this.#round().finally(() => {
        this.#running = undefined
        this.#armRound(this.#options.config.cleanResourceInterval)
      })
    })
  }

  /** Never rejects: what the disk refuses now is tried again in the next round. */
  async #round(): Promise<void> {
    try {
      const force = this.#isForced()
      const due = this.#isDue()
      if (this.#manualRounds > 0) this.#manualRounds--
      await this.#removeLeft()
      if (force !== 'no' || due) await this.#removeFiles(force)
      await this.#follow()
    } catch (error) {
      rethrowAssertion(error)
      this.#options.log.warn('retention', { code: diskErrorCode(error) ?? String(error) })
    }
  }

  /** `size` reaches as far as the size asks for, `disk` as far as one round goes. */
  #isForced(): 'no' | 'size' | 'disk' {
    const { config, segments } = this.#options
    const pressure = this.#pressure()
    if ((pressure === 'force' || pressure === 'full') && config.cleanFileForciblyEnable) return 'disk'
    return config.commitLogSizeMax > 0 && logSize(segments) > config.commitLogSizeMax ? 'size' : 'no'
  }

  #isDue(): boolean {
    const { clock, config, host } = this.#options
    return (
      this.#manualRounds > 0 ||
      this.#lastPressure !== 'none' ||
      isHourToDelete(config.deleteWhen, clock.now(), host)
    )
  }

  #lastPressure: DiskPressure = 'none'

  #pressure(): DiskPressure {
    const { config, log } = this.#options
    try {
      const { commitLog, consumeQueue } = this.use()
      this.#lastPressure = diskPressure(Math.max(commitLog, consumeQueue), config)
      const full = this.#lastPressure === 'full'
      if (full !== this.#diskFull)
        log.warn(full ? 'disk-full' : 'disk-has-space', { commitLog, consumeQueue })
      this.#diskFull = full
    } catch (error) {
      rethrowAssertion(error)
      log.warn('disk-use', { code: diskErrorCode(error) ?? String(error) })
    }
    return this.#lastPressure
  }

  async #removeFiles(force: 'no' | 'size' | 'disk'): Promise<void> {
    const { clock, config, segments } = this.#options
    for (let removed = 0; removed < config.deleteFileBatchMax && !this.#stopped; removed++) {
      if (segments.leaving || !this.#mayGo()) return
      const bySize = force === 'size' && logSize(segments) > config.commitLogSizeMax
      if (force !== 'disk' && !bySize && !this.#isExpired()) return
      if (removed > 0) await this.#pause(config.deleteCommitLogFilesInterval)
      if (this.#stopped) return
      segments.leaveFirst()
      this.#leftSince = clock.monotonic()
      if (!(await segments.removeLeft(false))) return
    }
  }

  /** Never the last file, and never one with records that are not dispatched or not durable. */
  #mayGo(): boolean {
    const { segments, doneTo } = this.#options
    return segments.starts.length > 1 && segments.first + segments.segmentSize <= doneTo()
  }

  #isExpired(): boolean {
    const { clock, config, segments } = this.#options
    const modified = segments.firstModified()
    return modified !== undefined && clock.now() >= modified + config.fileReservedTime * HOUR_MS
  }

  /** A file still read when it left: tried again each round, and by force after two minutes. */
  async #removeLeft(): Promise<void> {
    const { clock, config, segments } = this.#options
    if (!segments.leaving) return
    const force = clock.monotonic() - this.#leftSince >= config.destroyMapedFileIntervalForcibly
    await segments.removeLeft(force)
  }

  async #follow(): Promise<void> {
    const { segments, queues, index, deleted, log, config } = this.#options
    if (segments.leaving || segments.first === this.#followedTo) return
    const first = segments.first
    await followLogStart({
      queues,
      index,
      log,
      first,
      pause: (removed) => this.#pause(removed > 0 ? config.deleteConsumeQueueFilesInterval : 0),
      stopped: () => this.#stopped,
    })
    this.#options.logBegins(first)
    if (this.#stopped) return
    deleted.prune(first)
    await deleted.save()
    this.#followedTo = first
  }

  /** Ends early when the store stops. */
  #pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve)
      this.#endPause = () => {
        cancel()
        resolve()
      }
    })
  }
}

function logSize(segments: LogSegments): number {
  return segments.starts.length * segments.segmentSize
}
