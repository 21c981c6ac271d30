import type { Chunk, LogTail } from './log-tail.js'
import type { ReadBuffers } from './read-buffers.js'

/** Chunks of the tail one holder may pin; a reader that is slower gets copies (architecture.md section 4). */
const PINS_MAX = 2
/** What a holder keeps before its next read waits, and all of them together. */
const HOLDER_SIZE_MAX = 1024 * 1024
const LENT_SIZE_MAX = 32 * 1024 * 1024
/** What a read counts for until it is known: a batch, maxTransferBytesOnMessageInMemory. */
const READ_SIZE_EXPECTED = 256 * 1024

/** What one holder, say a connection, has from the store and did not give back. */
class Holder {
  readonly pins = new Map<Chunk, number>()
  size = 0
  readonly waiting: (() => void)[] = []

  change(size: number): void {
    this.size += size
    if (size < 0) for (const wake of this.waiting.splice(0)) wake()
  }
}

/**
 * Who reads which memory of the store. Lending never fails and is bounded: a holder that kept 1 MiB, or
 * anything while 32 MiB are lent in all, waits for itself to give back before it reads again. So it never
 * waits for another, and the memory lent is at most 32 MiB and one batch per holder.
 */
export class ReadLoans {
  readonly #tail: LogTail
  readonly #buffers: ReadBuffers
  readonly #holders = new WeakMap<object, Holder>()

  constructor(tail: LogTail, buffers: ReadBuffers) {
    this.#tail = tail
    this.#buffers = buffers
  }

  /**
   * A loan for one read: ready when the holder may have it. Without a holder nothing is lent: the reader
   * gets copies of its own.
   */
  async open(owner: object | undefined): Promise<ReadLoan> {
    if (owner === undefined) return new ReadLoan(this.#tail, this.#buffers, undefined)
    let holder = this.#holders.get(owner)
    if (holder === undefined) {
      holder = new Holder()
      this.#holders.set(owner, holder)
    }
    while (this.#mustWait(holder)) await nextRelease(holder)
    return new ReadLoan(this.#tail, this.#buffers, holder)
  }

  #mustWait({ size }: Holder): boolean {
    return size > HOLDER_SIZE_MAX || (size > 0 && this.#buffers.lentSize > LENT_SIZE_MAX)
  }
}

function nextRelease(holder: Holder): Promise<void> {
  return new Promise((resolve) => holder.waiting.push(resolve))
}

/** The memory one read uses. `release` gives it back, once, however often it is called. */
export class ReadLoan {
  readonly #tail: LogTail
  readonly #buffers: ReadBuffers
  readonly #holder: Holder | undefined
  readonly #pinned: Chunk[] = []
  readonly #taken: Buffer[] = []
  #expected = READ_SIZE_EXPECTED
  #released = false

  constructor(tail: LogTail, buffers: ReadBuffers, holder: Holder | undefined) {
    this.#tail = tail
    this.#buffers = buffers
    this.#holder = holder
    holder?.change(READ_SIZE_EXPECTED)
  }

  /** The read is done: only what it took counts from now on. */
  filled(): void {
    this.#holder?.change(-this.#expected)
    this.#expected = 0
  }

  /** Room for `size` bytes: from the pool, or the reader's own when there is no holder. */
  buffer(size: number): Buffer {
    if (this.#holder === undefined) return Buffer.allocUnsafe(size)
    const taken = this.#buffers.take(size)
    this.#holder.change(taken.length)
    this.#taken.push(taken)
    return taken.subarray(0, size)
  }

  /** The bytes in the tail themselves, when they lie in one piece and may be pinned. */
  tailBytes(physicalOffset: number, size: number): Buffer | undefined {
    if (this.#holder === undefined) return undefined
    const chunk = this.#tail.chunkAt(physicalOffset)
    if (chunk === undefined || chunk.start + chunk.used < physicalOffset + size) return undefined
    if (!this.#pin(chunk, this.#holder.pins)) return undefined
    const at = physicalOffset - chunk.start
    return chunk.bytes.subarray(at, at + size)
  }

  readonly release = (): void => {
    if (this.#released) return
    this.#released = true
    const holder = this.#holder
    if (holder === undefined) return
    for (const chunk of this.#pinned) {
      const left = (holder.pins.get(chunk) ?? 1) - 1
      if (left > 0) holder.pins.set(chunk, left)
      else holder.pins.delete(chunk)
      this.#tail.unpin(chunk)
    }
    let size = this.#expected
    for (const buffer of this.#taken) {
      size += buffer.length
      this.#buffers.give(buffer)
    }
    holder.change(-size)
  }

  #pin(chunk: Chunk, pins: Map<Chunk, number>): boolean {
    if (this.#pinned.includes(chunk)) return true
    const held = pins.get(chunk) ?? 0
    if ((held === 0 && pins.size >= PINS_MAX) || !this.#tail.pin(chunk)) return false
    pins.set(chunk, held + 1)
    this.#pinned.push(chunk)
    return true
  }
}
