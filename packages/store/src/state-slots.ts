import type { Disk } from '@rockhopper/env'
import { crc32, getI64, putI32, putI64 } from '@rockhopper/message'
import { readFully, writeFully } from './full-write.js'

const MAGIC = 0x526f636b
const VERSION = 1
/** A slot is one write of one sector; the two lie in different pages, so that no torn write meets both. */
const SLOT_SIZE = 512
const SLOT_STEP = 4_096
const SLOT_COUNT = 2
const CRC_AT = SLOT_SIZE - 4
const RANGES_AT = 80
/** Ranges beyond this are forgotten, the oldest first: their records are then read without the check. */
export const RANGES_MAX = 24

/** Physical offsets [from, to). */
export interface LogRange {
  readonly from: number
  readonly to: number
}

/** What `rockhopper/state` holds (docs/durability.md). */
export interface SavedState {
  /** Stands in `abort` too while a store of ours is open: another broker does not know it. */
  readonly token: number
  /** Closed properly: the log ended at `synced`. */
  readonly stopped: boolean
  /** Everything before this physical offset was durable; a record begins or the log ends here. */
  readonly synced: number
  /** The last record before `synced`; size 0 when it is not known. */
  readonly last: {
    readonly physicalOffset: number
    readonly size: number
    readonly crc: number
    readonly storeTimestamp: number
  }
  /** Where the background check goes on. */
  readonly scrubbed: number
  /** What this store wrote and has a CRC of, ascending, none behind `synced`. */
  readonly ranges: readonly LogRange[]
}

/**
 * The file `rockhopper/state`: two slots, written in turn, the one with the higher sequence counts.
 *
 *     0 magic i32   4 version i32   8 sequence i64   16 token i64   24 stopped i32   28 rangeCount i32
 *    32 synced i64  40 last.physicalOffset i64  48 last.size i32  52 last.crc u32
 *    56 last.storeTimestamp i64  64 scrubbed i64  72 reserved  80 rangeCount x (from i64, to i64)
 *   508 CRC-32 of all before
 */
export class StateSlots {
  readonly #disk: Disk
  readonly #path: string
  #sequence = 0

  constructor(disk: Disk, path: string) {
    this.#disk = disk
    this.#path = path
  }

  /** The newest slot that is whole; undefined without the file, or when neither is. */
  load(): SavedState | undefined {
    if (!this.#disk.exists(this.#path)) return undefined
    const bytes = Buffer.alloc(SLOT_STEP * SLOT_COUNT)
    const file = this.#disk.open(this.#path)
    try {
      readFully(file, bytes, 0, bytes.length, 0)
    } finally {
      file.close()
    }
    let newest: SavedState | undefined
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const piece = bytes.subarray(slot * SLOT_STEP, slot * SLOT_STEP + SLOT_SIZE)
      const sequence = getI64(piece, 8)
      if (!isWhole(piece) || sequence <= this.#sequence) continue
      this.#sequence = sequence
      newest = decode(piece)
    }
    return newest
  }

  /** Throws what the disk throws. */
  async remove(): Promise<void> {
    if (!this.#disk.exists(this.#path)) return
    this.#disk.remove(this.#path)
    await this.#disk.syncDirectory(this.#path.slice(0, this.#path.lastIndexOf('/')))
  }

  /** Writes and syncs the older slot. Throws what the disk throws; the newer one stays as it is. */
  async save(state: SavedState): Promise<void> {
    const sequence = this.#sequence + 1
    const made = !this.#disk.exists(this.#path)
    const directory = this.#path.slice(0, this.#path.lastIndexOf('/'))
    if (made) this.#disk.makeDirectory(directory)
    const file = this.#disk.open(this.#path, { create: true })
    try {
      writeFully(file, encode(state, sequence), 0, SLOT_SIZE, (sequence % SLOT_COUNT) * SLOT_STEP)
      await file.sync()
    } finally {
      file.close()
    }
    this.#sequence = sequence
    if (!made) return
    await this.#disk.syncDirectory(directory)
    await this.#disk.syncDirectory(directory.slice(0, directory.lastIndexOf('/')))
  }
}

function isWhole(slot: Buffer): boolean {
  if (slot.readInt32BE(0) !== MAGIC || slot.readInt32BE(4) !== VERSION) return false
  return crc32(slot.subarray(0, CRC_AT)) === slot.readUInt32BE(CRC_AT)
}

function encode(state: SavedState, sequence: number): Buffer {
  const ranges = state.ranges.slice(-RANGES_MAX)
  const slot = Buffer.alloc(SLOT_SIZE)
  putI32(slot, 0, MAGIC)
  putI32(slot, 4, VERSION)
  putI64(slot, 8, sequence)
  putI64(slot, 16, state.token)
  putI32(slot, 24, state.stopped ? 1 : 0)
  putI32(slot, 28, ranges.length)
  putI64(slot, 32, state.synced)
  putI64(slot, 40, state.last.physicalOffset)
  putI32(slot, 48, state.last.size)
  slot.writeUInt32BE(state.last.crc, 52)
  putI64(slot, 56, state.last.storeTimestamp)
  putI64(slot, 64, state.scrubbed)
  ranges.forEach(({ from, to }, i) => {
    putI64(slot, RANGES_AT + i * 16, from)
    putI64(slot, RANGES_AT + i * 16 + 8, to)
  })
  slot.writeUInt32BE(crc32(slot.subarray(0, CRC_AT)), CRC_AT)
  return slot
}

function decode(slot: Buffer): SavedState {
  const count = Math.min(RANGES_MAX, slot.readInt32BE(28))
  return {
    token: getI64(slot, 16),
    stopped: slot.readInt32BE(24) === 1,
    synced: getI64(slot, 32),
    last: {
      physicalOffset: getI64(slot, 40),
      size: slot.readInt32BE(48),
      crc: slot.readUInt32BE(52),
      storeTimestamp: getI64(slot, 56),
    },
    scrubbed: getI64(slot, 64),
    ranges: Array.from({ length: count }, (_, i) => ({
      from: getI64(slot, RANGES_AT + i * 16),
      to: getI64(slot, RANGES_AT + i * 16 + 8),
    })),
  }
}
