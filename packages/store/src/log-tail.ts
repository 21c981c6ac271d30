const CHUNK_SIZE = 1024 * 1024
const CHUNK_COUNT = 16
const SPARE_COUNT = 2
/** Chunks that left the tail and are still pinned; beyond that nothing more is pinned. */
const EVICTED_PINNED_MAX = 4

/** One piece of the tail in memory. Others only hold it: to pin it again and to unpin it. */
export interface Chunk {
  readonly bytes: Buffer
  /** Physical offset of the first byte. */
  readonly start: number
  used: number
  /** Physical offset where the log goes on: behind the bytes used, or the next file behind a blank. */
  end: number
  /** Who reads from it without a copy; its memory is used again only when nobody does. */
  pins: number
  evicted: boolean
  /** Its memory is not used a second time. */
  once: boolean
}

/** Bytes of the tail that lie in one piece. */
export interface TailSpan {
  readonly bytes: Buffer
  readonly at: number
  readonly length: number
  /** Physical offset behind the span; further than `length` when a blank ends the file. */
  readonly end: number
}

/**
 * The newest bytes of the log in memory: append-only chunks of 1 MiB, the last 16 of them, and as many more
 * as are not written yet. A record placed here lies in one chunk, a larger one has a chunk of its own, and
 * no chunk crosses the end of a file. A reader that sends bytes from where they lie pins their chunk; at most
 * 16 + 4 pinned chunks outlive the tail, so that slow readers cost no more than that.
 *
 *     chunk 0            chunk 1      hole (blank)  chunk 2
 *     [start .. used)....[start .. used)............[start .. used) <- placed
 */
export class LogTail {
  readonly #segmentSize: number
  readonly #chunks: Chunk[] = []
  readonly #spares: Buffer[] = []
  #evictedPinned = 0

  constructor(segmentSize: number) {
    this.#segmentSize = segmentSize
  }

  /** Room for `size` bytes at `physicalOffset`, which is the end of the log. They count after `commit`. */
  reserve(physicalOffset: number, size: number): { readonly bytes: Buffer; readonly at: number } {
    const last = this.#chunks.at(-1)
    const beginsFile = physicalOffset % this.#segmentSize === 0
    const follows = last !== undefined && !beginsFile && last.start + last.used === physicalOffset
    if (follows && last.bytes.length - last.used >= size) {
      return { bytes: last.bytes, at: last.used }
    }
    const bytes =
      size <= CHUNK_SIZE
        ? (this.#spares.pop() ?? Buffer.allocUnsafeSlow(CHUNK_SIZE))
        : Buffer.allocUnsafeSlow(size)
    const from = physicalOffset
    this.#chunks.push({ bytes, start: from, used: 0, end: from, pins: 0, evicted: false, once: false })
    return { bytes, at: 0 }
  }

  /** Takes the bytes that were reserved last. `end` is where the log goes on. */
  commit(size: number, end: number): void {
    const last = this.#chunks.at(-1)
    if (last === undefined) return
    last.used += size
    last.end = end
  }

  /** What lies in one piece from `physicalOffset` on, or undefined when that is not in memory. */
  spanAt(physicalOffset: number): TailSpan | undefined {
    const chunk = this.chunkAt(physicalOffset)
    if (chunk === undefined) return undefined
    const at = physicalOffset - chunk.start
    return { bytes: chunk.bytes, at, length: chunk.used - at, end: chunk.end }
  }

  /**
   * The length of a span with zeros behind it up to `end`, as far as they fit into its chunk: bytes that no
   * record has been given yet.
   */
  withZeros(span: TailSpan, end: number): number {
    const last = this.#chunks.at(-1)
    const spanEnd = span.at + span.length
    if (last?.bytes !== span.bytes || last.used !== spanEnd || last.end !== span.end) return span.length
    const zerosEnd = Math.min(spanEnd + Math.max(0, end - span.end), span.bytes.length)
    span.bytes.fill(0, spanEnd, zerosEnd)
    return zerosEnd - span.at
  }

  /** The chunk with the byte at `physicalOffset`. */
  chunkAt(physicalOffset: number): Chunk | undefined {
    for (let i = this.#chunks.length - 1; i >= 0; i--) {
      const chunk = this.#chunks[i] as Chunk
      if (physicalOffset < chunk.start) continue
      return physicalOffset - chunk.start < chunk.used ? chunk : undefined
    }
    return undefined
  }

  /** False when too much that left the tail is pinned already: then the reader must copy. */
  pin(chunk: Chunk): boolean {
    if (this.#evictedPinned >= EVICTED_PINNED_MAX) return false
    chunk.pins++
    return true
  }

  unpin(chunk: Chunk): void {
    chunk.pins--
    if (chunk.pins > 0 || !chunk.evicted) return
    this.#evictedPinned--
    this.#spare(chunk)
  }

  /** Copies a range, which may cross chunks; false when some of it is not in memory. */
  copy(physicalOffset: number, length: number, into: Buffer, at: number): boolean {
    for (let done = 0; done < length; ) {
      const span = this.spanAt(physicalOffset + done)
      if (span === undefined) return false
      const count = Math.min(span.length, length - done)
      span.bytes.copy(into, at + done, span.at, span.at + count)
      done += count
    }
    return true
  }

  /** Drops the oldest chunks beyond the limit, but none with bytes at or behind `written`. */
  trim(written: number): void {
    while (this.#chunks.length > CHUNK_COUNT && (this.#chunks[0] as Chunk).end <= written)
      this.#drop(this.#chunks.shift())
  }

  /**
   * Forgets all bytes from `physicalOffset` on, and keeps those before it. Bytes that are pinned are never
   * written over, nor those of a write that is under way.
   */
  cut(physicalOffset: number): void {
    for (;;) {
      const last = this.#chunks.at(-1)
      if (last === undefined || last.end <= physicalOffset) return
      if (last.start < physicalOffset && last.pins === 0) {
        last.used = Math.min(last.used, physicalOffset - last.start)
        last.end = physicalOffset
        return
      }
      this.#drop(this.#chunks.pop())
      if (last.start < physicalOffset) return this.#copyOf(last, physicalOffset)
    }
  }

  /**
   * The part of a pinned chunk before `end`, to go on behind it. The disk may be reading from the old one:
   * its memory is used by nobody else.
   */
  #copyOf(chunk: Chunk, end: number): void {
    const { bytes, start } = chunk
    const used = Math.min(chunk.used, end - start)
    const copy = Buffer.allocUnsafeSlow(bytes.length)
    bytes.copy(copy, 0, 0, used)
    chunk.once = true
    this.#chunks.push({ bytes: copy, start, used, end, pins: 0, evicted: false, once: false })
  }

  #drop(chunk: Chunk | undefined): void {
    if (chunk === undefined) return
    chunk.evicted = true
    if (chunk.pins === 0) this.#spare(chunk)
    else this.#evictedPinned++
  }

  #spare({ bytes, once }: Chunk): void {
    if (!once && bytes.length === CHUNK_SIZE && this.#spares.length < SPARE_COUNT) this.#spares.push(bytes)
  }
}
