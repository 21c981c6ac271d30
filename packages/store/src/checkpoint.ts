import type { Disk } from '@rockhopper/env'
import { getI64, putI64 } from '@rockhopper/message'
import { writeFully } from './full-write.js'

const FILE_SIZE = 4_096

/**
 * Apache's recovery takes off 3 s, because its three times are not taken at one instant (StoreCheckpoint).
 */
const MARGIN_MS = 3_000

/** Store times up to which the files were made durable, ms since 1970; 0 for never. */
export interface CheckpointTimes {
  readonly physicMsgTimestamp: number
  readonly logicsMsgTimestamp: number
  readonly indexMsgTimestamp: number
  readonly masterFlushedOffset: number
  /**
   * Here: the physical offset up to which the log was synced. What lies before it and cannot be read is
   * damage.
   */
  readonly confirmPhyOffset: number
}

/**
 * The file `checkpoint` (store-format.md section 10):
 *
 *     0 physicMsgTimestamp    8 logicsMsgTimestamp    16 indexMsgTimestamp
 *    24 masterFlushedOffset  32 confirmPhyOffset
 */
export class Checkpoint {
  readonly #disk: Disk
  readonly #path: string
  #times: CheckpointTimes = {
    physicMsgTimestamp: 0,
    logicsMsgTimestamp: 0,
    indexMsgTimestamp: 0,
    masterFlushedOffset: 0,
    confirmPhyOffset: 0,
  }

  constructor(disk: Disk, path: string) {
    this.#disk = disk
    this.#path = path
  }

  get times(): CheckpointTimes {
    return this.#times
  }

  /** Everything stored before this is in the queues and, unless `index` is false, in the index. */
  recoverFrom(index: boolean): number {
    const { physicMsgTimestamp, logicsMsgTimestamp, indexMsgTimestamp } = this.#times
    const min = Math.min(
      physicMsgTimestamp,
      logicsMsgTimestamp,
      index ? indexMsgTimestamp : Number.MAX_SAFE_INTEGER,
    )
    return Math.max(0, min - MARGIN_MS)
  }

  /** A missing, short or senseless file counts as all zeros: then recovery begins at the first record. */
  load(): void {
    const bytes = this.#disk.readFile(this.#path)
    if (bytes === undefined || bytes.length < 40) return
    const [physic = 0, logics = 0, index = 0, master = 0, confirm = 0] = [0, 8, 16, 24, 32].map((at) => {
      const value = getI64(bytes, at)
      return Number.isSafeInteger(value) && value > 0 ? value : 0
    })
    this.#times = {
      physicMsgTimestamp: physic,
      logicsMsgTimestamp: logics,
      indexMsgTimestamp: index,
      masterFlushedOffset: master,
      confirmPhyOffset: confirm,
    }
  }

  /** Writes and syncs. Throws what the disk throws. */
  async save(times: Partial<CheckpointTimes>): Promise<void> {
    this.#times = { ...this.#times, ...times }
    const bytes = Buffer.alloc(FILE_SIZE)
    const { physicMsgTimestamp, logicsMsgTimestamp, indexMsgTimestamp } = this.#times
    putI64(bytes, 0, physicMsgTimestamp)
    putI64(bytes, 8, logicsMsgTimestamp)
    putI64(bytes, 16, indexMsgTimestamp)
    putI64(bytes, 24, this.#times.masterFlushedOffset)
    putI64(bytes, 32, this.#times.confirmPhyOffset)
    const file = this.#disk.open(this.#path, { create: true })
    try {
      writeFully(file, bytes, 0, FILE_SIZE, 0)
      await file.sync()
    } finally {
      file.close()
    }
  }
}
