import type { ScanTarget } from './scan-target.js'

/** Shapes that are kept, by the size of their header: producers of several topics come by turns. */
const SHAPE_COUNT = 8
/** Of so many headers that fit no shape one is kept: copying each would cost what it saves. */
const MISSES_MIN = 16
const BACKSLASH = 0x5c
const LETTER_U = 0x75
const OPAQUE_MAX = 0x7fff_ffff
/** A longer integer is out of the range of an i32. */
const DIGITS_MAX = 10

const LITERAL = 0
const DIGIT = 1
const TEXT = 2
/** What a byte may stand for in the place of another one. */
const KINDS = new Uint8Array(256)
for (let byte = 0x20; byte < 0x7f; byte++) {
  const isDigit = byte >= 0x30 && byte <= 0x39
  KINDS[byte] = byte === 0x22 || byte === BACKSLASH ? LITERAL : isDigit ? DIGIT | TEXT : TEXT
}

/**
 * A JSON header that was scanned, to compare the next ones with: what one producer sends differs in some
 * digits and letters only, and where these stand says all that a scan would find out again.
 *
 *     {"code":310,"extFields":{"b":"Orders","i":"UNIQ_KEY\u0001AC11…\u0002"},"flag":0,…,"opaque":1234,…}
 *     ----------------------------TTTTTT-------TTTTTTTT------TTTT…-----------------------------DDDD---
 *
 * Bytes at `-` have to be the same; at T any printable ASCII but quote and backslash may stand; at D digits.
 */
class HeaderShape {
  readonly #bytes: Buffer
  /** The same, four by four; up to three bytes at the end are in none. */
  readonly #words: Int32Array
  readonly #may: Uint8Array
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #escaped: Uint8Array
  readonly #flag: number
  readonly #version: number
  readonly #language: number
  readonly #opaque: number
  readonly #opaqueStart: number
  readonly #opaqueEnd: number

  constructor(target: ScanTarget, bytes: Buffer, start: number, end: number) {
    this.#bytes = Buffer.from(bytes.subarray(start, end))
    this.#words = Int32Array.from({ length: (end - start) >> 2 }, (_, i) => this.#bytes.readInt32LE(4 * i))
    this.#starts = target.starts.map((at) => (at < 0 ? -1 : at - start))
    this.#ends = target.ends.map((at) => at - start)
    this.#escaped = target.escaped.slice()
    this.#flag = target.flag
    this.#version = target.version
    this.#language = target.language
    this.#opaque = target.opaque
    const size = target.opaqueEnd - target.opaqueStart
    const isPlain = size > 0 && size <= DIGITS_MAX && target.opaque >= 0
    this.#opaqueStart = isPlain ? target.opaqueStart - start : 0
    this.#opaqueEnd = isPlain ? target.opaqueEnd - start : 0
    this.#may = this.#kinds()
  }

  /**
   * True when the header fits; then the target holds what a scan would have found. Most bytes are those of
   * the last header: they are compared by fours.
   */
  fits(target: ScanTarget, bytes: Buffer, view: DataView, start: number): boolean {
    const words = this.#words
    for (let i = 0; i < words.length; i++) {
      const at = 4 * i
      if (view.getInt32(start + at, true) !== words[i] && !this.#mayStand(bytes, start, at, at + 4))
        return false
    }
    if (!this.#mayStand(bytes, start, 4 * words.length, this.#bytes.length)) return false
    let opaque = this.#opaqueEnd === 0 ? this.#opaque : 0
    for (let i = this.#opaqueStart; i < this.#opaqueEnd; i++)
      opaque = opaque * 10 + (bytes[start + i] as number) - 0x30
    if (opaque > OPAQUE_MAX) return false
    target.opaque = opaque
    this.#fill(target, start)
    return true
  }

  #mayStand(bytes: Buffer, start: number, from: number, to: number): boolean {
    const mine = this.#bytes
    const may = this.#may
    for (let i = from; i < to; i++) {
      const byte = bytes[start + i] as number
      if (byte !== mine[i] && ((KINDS[byte] as number) & (may[i] as number)) === 0) return false
    }
    return true
  }

  #fill(target: ScanTarget, start: number): void {
    const { starts, ends, escaped } = target
    for (let i = 0; i < starts.length; i++) {
      const at = this.#starts[i] as number
      starts[i] = at < 0 ? -1 : at + start
      ends[i] = (this.#ends[i] as number) + start
      escaped[i] = this.#escaped[i] as number
    }
    target.flag = this.#flag
    target.version = this.#version
    target.language = this.#language
  }

  /** What may stand at each byte. Escapes stay as they are: their digits are no text. */
  #kinds(): Uint8Array {
    const may = new Uint8Array(this.#bytes.length)
    for (const [i, start] of this.#starts.entries()) {
      if (start < 0) continue
      const end = this.#ends[i] as number
      for (let at = start; at < end; ) {
        const isEscape = this.#bytes[at] === BACKSLASH
        may[at] = isEscape || (this.#bytes[at] as number) > 0x7e ? LITERAL : TEXT
        at += isEscape ? (this.#bytes[at + 1] === LETTER_U ? 6 : 2) : 1
      }
    }
    may.fill(DIGIT, this.#opaqueStart, this.#opaqueEnd)
    return may
  }
}

/** The shapes of one command's headers. */
export class HeaderShapes {
  readonly #shapes: (HeaderShape | undefined)[] = new Array(SHAPE_COUNT)
  readonly #sizes = new Int32Array(SHAPE_COUNT)
  readonly #misses = new Int32Array(SHAPE_COUNT).fill(MISSES_MIN)
  /** Over the bytes of the last header: those of many lie in one buffer. */
  #view: DataView = new DataView(new ArrayBuffer(0))

  /** True when the header has a shape that is known; then the target holds what a scan would have found. */
  fits(target: ScanTarget, bytes: Buffer, start: number, end: number): boolean {
    const slot = (end - start) % SHAPE_COUNT
    if (this.#sizes[slot] !== end - start) return false
    return (this.#shapes[slot] as HeaderShape).fits(target, bytes, this.#viewOf(bytes), start)
  }

  #viewOf({ buffer, byteOffset, length }: Buffer): DataView {
    const view = this.#view
    const same = view.buffer === buffer && view.byteOffset === byteOffset && view.byteLength === length
    if (!same) this.#view = new DataView(buffer, byteOffset, length)
    return this.#view
  }

  /** Takes note of a header that fitted none and was scanned. */
  scanned(target: ScanTarget, bytes: Buffer, start: number, end: number): void {
    const slot = (end - start) % SHAPE_COUNT
    this.#misses[slot] = (this.#misses[slot] as number) + 1
    if ((this.#misses[slot] as number) < MISSES_MIN) return
    this.#misses[slot] = 0
    this.#shapes[slot] = new HeaderShape(target, bytes, start, end)
    this.#sizes[slot] = end - start
  }
}
