const SIZE_MIN = 16 * 1024
/** Idle buffers that are kept, in bytes: what a burst of reads left goes to the garbage collector. */
const IDLE_SIZE_MAX = 8 * 1024 * 1024

/**
 * Buffers for reads of the log, in powers of two from 16 KiB on, given back when the bytes were sent: with
 * fresh ones a pull of 32 KiB took 1.3 times as long and twice the memory (performance.md, item 14).
 */
export class ReadBuffers {
  readonly #idle = new Map<number, Buffer[]>()
  #idleSize = 0
  #lentSize = 0

  /** Bytes of the buffers that were taken and not given back. */
  get lentSize(): number {
    return this.#lentSize
  }

  get idleSize(): number {
    return this.#idleSize
  }

  /** A buffer of at least `size` bytes, with anything in it. */
  take(size: number): Buffer {
    const rounded = Math.max(SIZE_MIN, 2 ** Math.ceil(Math.log2(size)))
    const buffer = this.#idle.get(rounded)?.pop()
    if (buffer !== undefined) this.#idleSize -= rounded
    this.#lentSize += rounded
    return buffer ?? Buffer.allocUnsafeSlow(rounded)
  }

  give(buffer: Buffer): void {
    this.#lentSize -= buffer.length
    if (this.#idleSize + buffer.length > IDLE_SIZE_MAX) return
    this.#idleSize += buffer.length
    const idle = this.#idle.get(buffer.length)
    if (idle === undefined) this.#idle.set(buffer.length, [buffer])
    else idle.push(buffer)
  }
}
