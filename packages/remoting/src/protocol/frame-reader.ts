import {
  checkFrameTotal,
  checkHeaderWord,
  FRAME_PREFIX_SIZE,
  FRAME_SIZE_MAX,
  type FrameFault,
} from './frame.js'

/**
 * Takes one frame: `bytes` from `start` (its length word) to `end`. With `owned` false the bytes lie in the
 * caller's chunk and are valid only until the call returns; with `owned` true nobody else writes to them
 * again.
 */
export type FrameSink = (bytes: Buffer, start: number, end: number, owned: boolean) => void

/**
 * First allocation for a frame that did not arrive whole; it grows with what really comes, not with what is
 * announced.
 */
const CARRY_SIZE_FIRST = 4_096

/**
 * Cuts a byte stream into frames. Iterative, and linear in the bytes whatever the chunks are. Only a
 * partial frame is copied and carried over; lengths are checked as soon as they are readable.
 */
export class FrameReader {
  readonly #sink: FrameSink
  readonly #frameSizeMax: number
  #carry: Buffer | undefined
  #carried = 0
  #fault: FrameFault | undefined
  #stopped = false

  constructor(sink: FrameSink, frameSizeMax: number = FRAME_SIZE_MAX) {
    this.#sink = sink
    this.#frameSizeMax = frameSizeMax
  }

  /** Bytes of a frame that is not complete yet. */
  get partialSize(): number {
    return this.#carried
  }

  /** No further frame is handed out, also not from the chunk being read. */
  stop(): void {
    this.#stopped = true
    this.#carry = undefined
    this.#carried = 0
  }

  /** Reads a chunk. Returns why the stream is broken; then nothing more is read from it. */
  push(chunk: Buffer): FrameFault | undefined {
    let at = 0
    while (at < chunk.length && !this.#stopped && this.#fault === undefined) {
      at = this.#carried > 0 ? this.#fill(chunk, at) : this.#cut(chunk, at)
    }
    return this.#fault
  }

  /**
   * A frame that lies whole in the chunk is handed out in place; of any other the chunk's rest is carried.
   */
  #cut(chunk: Buffer, at: number): number {
    const left = chunk.length - at
    if (left >= 4) {
      const total = chunk.readInt32BE(at)
      this.#fault = checkFrameTotal(total, this.#frameSizeMax)
      if (this.#fault === undefined && left >= FRAME_PREFIX_SIZE) {
        this.#fault = checkHeaderWord(chunk.readInt32BE(at + 4), total)
      }
      if (this.#fault !== undefined) return chunk.length
      const end = at + 4 + total
      if (end <= chunk.length) {
        this.#sink(chunk, at, end, false)
        return end
      }
    }
    this.#append(chunk, at, chunk.length)
    return chunk.length
  }

  /** Completes the carried frame, first its prefix, then the rest. */
  #fill(chunk: Buffer, at: number): number {
    const wanted =
      this.#carried < FRAME_PREFIX_SIZE ? FRAME_PREFIX_SIZE : 4 + (this.#carry as Buffer).readInt32BE(0)
    const end = Math.min(chunk.length, at + wanted - this.#carried)
    const before = this.#carried
    this.#append(chunk, at, end)
    const carry = this.#carry as Buffer
    if (before < 4 && this.#carried >= 4)
      this.#fault = checkFrameTotal(carry.readInt32BE(0), this.#frameSizeMax)
    if (this.#fault === undefined && before < FRAME_PREFIX_SIZE && this.#carried >= FRAME_PREFIX_SIZE) {
      this.#fault = checkHeaderWord(carry.readInt32BE(4), carry.readInt32BE(0))
    }
    if (this.#fault !== undefined) return chunk.length
    if (this.#carried >= FRAME_PREFIX_SIZE && this.#carried === 4 + carry.readInt32BE(0)) {
      this.#carry = undefined
      const size = this.#carried
      this.#carried = 0
      this.#sink(carry, 0, size, true)
    }
    return end
  }

  #append(chunk: Buffer, from: number, end: number): void {
    const needed = this.#carried + end - from
    if (this.#carry === undefined) this.#carry = Buffer.allocUnsafe(Math.max(CARRY_SIZE_FIRST, needed))
    if (this.#carry.length < needed) {
      const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(this.#carry.length * 2, this.#frameSizeMax)))
      this.#carry.copy(grown, 0, 0, this.#carried)
      this.#carry = grown
    }
    chunk.copy(this.#carry, this.#carried, from, end)
    this.#carried = needed
  }
}
