/**
 * Write buffers in two sizes, given back when the kernel took them: fresh 64 KiB buffers cost 10 us each
 * and raise the resident memory (performance.md, traps). What exceeds the caps goes to the garbage
 * collector.
 */
export class BufferPool {
  readonly #small: Buffer[] = []
  readonly #large: Buffer[] = []

  take(size: number): Buffer {
    if (size <= SMALL_SIZE) return this.#small.pop() ?? Buffer.allocUnsafeSlow(SMALL_SIZE)
    if (size <= LARGE_SIZE) return this.#large.pop() ?? Buffer.allocUnsafeSlow(LARGE_SIZE)
    return Buffer.allocUnsafeSlow(size)
  }

  give(buffer: Buffer): void {
    if (buffer.length === SMALL_SIZE && this.#small.length < SMALL_KEPT) this.#small.push(buffer)
    else if (buffer.length === LARGE_SIZE && this.#large.length < LARGE_KEPT) this.#large.push(buffer)
  }
}

const SMALL_SIZE = 4_096
const SMALL_KEPT = 512
export const LARGE_SIZE = 65_536
const LARGE_KEPT = 64
