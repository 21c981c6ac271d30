import { diskErrorCode } from './full-write.js'
import type { LogReader, ReadOutcome } from './log-reader.js'

const BLOCK_SIZE = 256 * 1024
/** 4 MiB: what consumers of the queues of a topic, that are about as far, read of the log at a time. */
const BLOCKS_MAX = 16
const SPARES_MAX = 2

/** A piece of a log file in memory. Valid until control returns to the loop: its memory is used again. */
export interface LogBlock {
  /** Physical offset of the first byte. */
  readonly start: number
  readonly size: number
  readonly bytes: Buffer
}

/**
 * What was read last of the files of the log. Records of the queues of a topic lie between each other: a pull
 * of one of four queues reads four times what it takes, and the pulls of the others find theirs here.
 */
export class LogBlocks {
  readonly #reader: LogReader
  readonly #segmentSize: number
  /** By start, in the order they were read. */
  readonly #blocks = new Map<number, LogBlock>()
  readonly #loading = new Map<number, Promise<void>>()
  readonly #spares: Buffer[] = []
  #cleared = 0

  constructor(reader: LogReader, segmentSize: number) {
    this.#reader = reader
    this.#segmentSize = segmentSize
  }

  /** The block that holds all of a range, when it is here. */
  holding(physicalOffset: number, size: number): LogBlock | undefined {
    const start = this.#startOf(physicalOffset)
    const block = this.#blocks.get(start)
    return block !== undefined && physicalOffset + size <= start + block.size ? block : undefined
  }

  /**
   * Reads the block of an offset, as far as the log may be seen; a promise when that takes a thread. A block
   * that cannot be read is not here then: a bad sector must not hide the records beside it.
   */
  load(physicalOffset: number, readable: number): Promise<void> | undefined {
    const start = this.#startOf(physicalOffset)
    const loading = this.#loading.get(start)
    if (loading !== undefined) return loading
    const segmentEnd = start - (start % this.#segmentSize) + this.#segmentSize
    const size = Math.min(BLOCK_SIZE, segmentEnd - start, readable - start)
    const bytes = this.#spares.pop() ?? Buffer.allocUnsafeSlow(BLOCK_SIZE)
    const cleared = this.#cleared
    const keep = (outcome: ReadOutcome): void => {
      if (outcome !== 'missing' && cleared === this.#cleared) this.#keep({ start, size, bytes })
    }
    try {
      const outcome = this.#reader.read(start, bytes.subarray(0, size))
      if (typeof outcome === 'string') return void keep(outcome)
      const loaded = outcome
        .then(keep)
        .catch((error: unknown) => {
          if (diskErrorCode(error) === undefined) throw error
        })
        .finally(() => this.#loading.delete(start))
      this.#loading.set(start, loaded)
      return loaded
    } catch (error) {
      if (diskErrorCode(error) === undefined) throw error
      return undefined
    }
  }

  /** The log is cut: other bytes may come to where these are from. */
  clear(): void {
    this.#cleared++
    this.#blocks.clear()
  }

  #keep(block: LogBlock): void {
    const before = this.#blocks.get(block.start)
    if (before !== undefined) this.#spare(before)
    this.#blocks.delete(block.start)
    this.#blocks.set(block.start, block)
    for (const [start, oldest] of this.#blocks) {
      if (this.#blocks.size <= BLOCKS_MAX) break
      this.#blocks.delete(start)
      this.#spare(oldest)
    }
  }

  #spare({ bytes }: LogBlock): void {
    if (this.#spares.length < SPARES_MAX) this.#spares.push(bytes)
  }

  #startOf(physicalOffset: number): number {
    const position = physicalOffset % this.#segmentSize
    return physicalOffset - (position % BLOCK_SIZE)
  }
}
