import type { Disk } from '@rockhopper/env'
import { getI64, putI64 } from '@rockhopper/message'
import { writeFully } from '../full-write.js'

const FILE_SIZE = 4_096
/** Bytes of Apache's part, and of the answer to code 60. */
const APACHE_SIZE = 56
const PARTIAL_AT = 64
const PARTIAL_MAGIC = 0x52_48_54_50

/** How far the timer came (Apache: TimerCheckpoint). */
export interface TimerProgress {
  /** Slots before this time are delivered, ms since 1970. */
  readonly lastReadTimeMs: number
  /** The timer log is durable up to here. */
  readonly lastTimerLogFlushPos: number
  /** Messages of the timer topic before this queue offset are in the log or delivered. */
  readonly lastTimerQueueOffset: number
  /** As the master has it; on a master the same. */
  readonly masterTimerQueueOffset: number
  /**
   * Ours, behind Apache's part of the file: of the slot at `lastReadTimeMs`, the units before this log
   * position are delivered too. 0 for none.
   */
  readonly partialPos: number
}

export const NO_PROGRESS: TimerProgress = {
  lastReadTimeMs: 0,
  lastTimerLogFlushPos: 0,
  lastTimerQueueOffset: 0,
  masterTimerQueueOffset: 0,
  partialPos: 0,
}

/**
 * The file `config/timercheck` (store-format.md section 11.3):
 *
 *     0 lastReadTimeMs         8 lastTimerLogFlushPos   16 lastTimerQueueOffset
 *    24 masterTimerQueueOffset 32 stateVersion  40 timestamp  48 counter
 *    64 magic 'RHTP' (i32, ours)  72 lastReadTimeMs  80 partialPos
 *
 * Apache never touches what is behind byte 56; `partialPos` counts only while byte 72 says what byte 0 does.
 */
export class TimerCheckpoint {
  readonly #disk: Disk
  readonly #path: string
  #progress = NO_PROGRESS
  #timestamp = 0
  #counter = 0

  constructor(disk: Disk, path: string) {
    this.#disk = disk
    this.#path = path
  }

  get progress(): TimerProgress {
    return this.#progress
  }

  /** False when there is no file. A short or senseless one counts as all zeros. */
  load(): boolean {
    const bytes = this.#disk.readFile(this.#path)
    if (bytes === undefined || bytes.length < APACHE_SIZE) return bytes !== undefined
    const at = (position: number) => {
      const value = bytes.length < position + 8 ? 0 : getI64(bytes, position)
      return Number.isSafeInteger(value) && value > 0 ? value : 0
    }
    const partial = bytes.length >= FILE_SIZE && bytes.readInt32BE(PARTIAL_AT) === PARTIAL_MAGIC
    this.#progress = {
      lastReadTimeMs: at(0),
      lastTimerLogFlushPos: at(8),
      lastTimerQueueOffset: at(16),
      masterTimerQueueOffset: at(24),
      partialPos: partial && at(PARTIAL_AT + 8) === at(0) ? at(PARTIAL_AT + 16) : 0,
    }
    this.#timestamp = at(40)
    this.#counter = at(48)
    return true
  }

  /** The body of GET_TIMER_CHECK_POINT, 56 bytes (Apache: TimerCheckpoint.encode). */
  encode(): Buffer {
    const bytes = Buffer.alloc(APACHE_SIZE)
    const progress = this.#progress
    putI64(bytes, 0, progress.lastReadTimeMs)
    putI64(bytes, 8, progress.lastTimerLogFlushPos)
    putI64(bytes, 16, progress.lastTimerQueueOffset)
    putI64(bytes, 24, progress.masterTimerQueueOffset)
    putI64(bytes, 40, this.#timestamp)
    putI64(bytes, 48, this.#counter)
    return bytes
  }

  /** Writes and syncs. `now` becomes the timestamp of the version. Rejects with DiskError. */
  async save(progress: TimerProgress, now: number): Promise<void> {
    this.#progress = progress
    this.#timestamp = now
    this.#counter++
    const bytes = Buffer.alloc(FILE_SIZE)
    this.encode().copy(bytes)
    bytes.writeInt32BE(PARTIAL_MAGIC, PARTIAL_AT)
    putI64(bytes, PARTIAL_AT + 8, progress.lastReadTimeMs)
    putI64(bytes, PARTIAL_AT + 16, progress.partialPos)
    this.#disk.makeDirectory(this.#path.slice(0, this.#path.lastIndexOf('/')))
    const file = this.#disk.open(this.#path, { create: true })
    try {
      writeFully(file, bytes, 0, FILE_SIZE, 0)
      await file.sync()
    } finally {
      file.close()
    }
  }
}
