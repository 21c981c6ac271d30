import type { Clock, Socket } from '@rockhopper/env'
import { type BufferPool, LARGE_SIZE } from './buffer-pool.js'

/** Flushes every connection that has output once, at the end of the turn of the loop. */
export class TurnOutput {
  readonly #clock: Clock
  #waiting: Outbound[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(outbound: Outbound): void {
    if (this.#waiting.length === 0) this.#clock.endOfTurn(this.#flush)
    this.#waiting.push(outbound)
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const outbound of waiting) outbound.flush()
  }
}

interface Part {
  bytes: Uint8Array
  size: number
  /** The bytes are from the pool and may be appended to up to their length. */
  readonly pooled: boolean
  readonly taken: (() => void) | undefined
}

/** A frame up to this size is copied beside others; a larger one is written from where it lies. */
const MERGED_SIZE_MAX = LARGE_SIZE / 2
/** A large frame is written in such steps, so that a slow peer can be told from one that reads nothing. */
const WRITE_STEP = 1024 * 1024

/**
 * What a connection wants to send. Frames of one turn leave in one write where they fit into 64 KiB, in
 * order. Counts the bytes the kernel has not taken; the connection acts on them.
 */
export class Outbound {
  readonly #socket: Socket
  readonly #pool: BufferPool
  readonly #turn: TurnOutput
  readonly #changed: (outstanding: number) => void
  #parts: Part[] = []
  #outstanding = 0
  #closed = false

  constructor(socket: Socket, pool: BufferPool, turn: TurnOutput, changed: (outstanding: number) => void) {
    this.#socket = socket
    this.#pool = pool
    this.#turn = turn
    this.#changed = changed
  }

  get outstandingBytes(): number {
    return this.#outstanding
  }

  /** Sends without a copy. `bytes` must not change until `taken` ran; it always runs once. */
  send(bytes: Uint8Array, taken?: () => void): void {
    if (this.#closed || bytes.length === 0) {
      taken?.()
      return
    }
    this.#push({ bytes, size: bytes.length, pooled: false, taken }, bytes.length)
  }

  /** Copies [start, end) now: the caller may reuse its buffer at once. */
  sendCopy(source: Buffer, start: number, end: number): void {
    if (this.#closed || end <= start) return
    const size = end - start
    const last = this.#parts.at(-1)
    if (last?.pooled === true && last.size + size <= LARGE_SIZE) {
      if (last.size + size > last.bytes.length) this.#grow(last, last.size + size)
      source.copy(last.bytes, last.size, start, end)
      last.size += size
      this.#count(size)
      return
    }
    const bytes = this.#pool.take(size)
    source.copy(bytes, 0, start, end)
    this.#push({ bytes, size, pooled: true, taken: undefined }, size)
  }

  /**
   * Sends pieces of one frame. Small ones are copied at once, into one buffer; the others leave from where
   * they lie, and must not change until `taken` ran.
   */
  sendPieces(head: Buffer, pieces: readonly Uint8Array[], size: number, taken?: () => void): void {
    if (this.#closed || size > LARGE_SIZE) {
      this.send(head)
      pieces.forEach((piece, i) => {
        this.send(piece, i === pieces.length - 1 ? taken : undefined)
      })
      if (pieces.length === 0) taken?.()
      return
    }
    const last = this.#parts.at(-1)
    const isRoom = last?.pooled === true && last.size + size <= last.bytes.length
    const bytes = isRoom ? last.bytes : this.#pool.take(size)
    let at = isRoom ? last.size : 0
    bytes.set(head, at)
    at += head.length
    for (const piece of pieces) {
      bytes.set(piece, at)
      at += piece.length
    }
    taken?.()
    if (isRoom) {
      last.size = at
      this.#count(size)
    } else this.#push({ bytes, size, pooled: true, taken: undefined }, size)
  }

  flush(): void {
    const parts = this.#parts
    this.#parts = []
    for (let i = 0; i < parts.length; ) {
      const first = parts[i] as Part
      let size = first.size
      let next = i + 1
      while (next < parts.length && size + (parts[next] as Part).size <= LARGE_SIZE) {
        size += (parts[next] as Part).size
        next++
      }
      const isMerged = next > i + 1 && first.size <= MERGED_SIZE_MAX
      if (isMerged) this.#write(this.#merge(parts, i, next, size))
      else this.#write(first)
      i = isMerged ? next : i + 1
    }
  }

  /** Nothing more is sent; what waits is given back. */
  close(): void {
    this.#closed = true
    const parts = this.#parts
    this.#parts = []
    for (const part of parts) this.#release(part)
  }

  #push(part: Part, size: number): void {
    this.#parts.push(part)
    if (this.#parts.length === 1) this.#turn.add(this)
    this.#count(size)
  }

  #count(size: number): void {
    this.#outstanding += size
    this.#changed(this.#outstanding)
  }

  #grow(part: Part, size: number): void {
    const grown = this.#pool.take(size)
    grown.set(part.bytes.subarray(0, part.size))
    this.#pool.give(part.bytes as Buffer)
    part.bytes = grown
  }

  #merge(parts: readonly Part[], from: number, end: number, size: number): Part {
    const bytes = this.#pool.take(size)
    let at = 0
    for (let i = from; i < end; i++) {
      const part = parts[i] as Part
      bytes.set(part.size === part.bytes.length ? part.bytes : part.bytes.subarray(0, part.size), at)
      at += part.size
      this.#release(part)
    }
    return { bytes, size, pooled: true, taken: undefined }
  }

  #write(part: Part): void {
    for (let at = 0; at < part.size; at += WRITE_STEP) {
      const end = Math.min(part.size, at + WRITE_STEP)
      this.#socket.write(part.bytes.subarray(at, end), () => {
        if (end === part.size) this.#release(part)
        this.#count(at - end)
      })
    }
  }

  #release(part: Part): void {
    if (part.pooled) this.#pool.give(part.bytes as Buffer)
    part.taken?.()
  }
}
