import { LastText } from './last-text.js'

const SLOTS_FIRST = 64
/** More than a broker is likely to have topics; a text that finds no room drives out another. */
const SLOTS_MAX = 32 * 1024
const SIZE_MAX = 255

/**
 * The strings of bytes that were seen before, as those of a broker's topics: messages of thousands of topics
 * by turns make no new ones, and a Map finds the same string faster than an equal one. Some 32,000 ASCII
 * texts of up to 255 bytes are kept, of the others the last one.
 */
export class KnownTexts {
  #texts: (string | undefined)[] = new Array(SLOTS_FIRST).fill(undefined)
  #count = 0
  #last = ''
  readonly #other = new LastText()
  readonly #slotsMax: number

  constructor(slotsMax = SLOTS_MAX) {
    this.#slotsMax = slotsMax
  }

  /** The UTF-8 text of `size` bytes from `at` on. */
  text(bytes: Buffer, at: number, size: number): string {
    if (isText(this.#last, bytes, at, size)) return this.#last
    if (size > SIZE_MAX) return this.#other.text(bytes, at, size)
    let hash = 0x811c_9dc5 | 0
    let all = 0
    for (let i = at; i < at + size; i++) {
      const byte = bytes[i] as number
      all |= byte
      hash = Math.imul(hash ^ byte, 0x0100_0193)
    }
    if (all > 0x7f) return this.#other.text(bytes, at, size)
    hash ^= hash >>> 15
    this.#last =
      this.#known(hash, bytes, at, size) ?? this.#keep(hash, bytes.toString('latin1', at, at + size))
    return this.#last
  }

  #known(hash: number, bytes: Buffer, at: number, size: number): string | undefined {
    const texts = this.#texts
    const slot = hash & (texts.length - 1)
    const first = texts[slot]
    if (first === undefined || isText(first, bytes, at, size)) return first
    const second = texts[slot ^ 1]
    return second !== undefined && isText(second, bytes, at, size) ? second : undefined
  }

  #keep(hash: number, text: string): string {
    if (this.#count * 2 >= this.#texts.length && this.#texts.length < this.#slotsMax) {
      // Those that are still in use come back by themselves.
      this.#texts = new Array(this.#texts.length * 4).fill(undefined)
      this.#count = 0
    }
    const texts = this.#texts
    const slot = hash & (texts.length - 1)
    const isFree = texts[slot] === undefined || texts[slot ^ 1] === undefined
    if (isFree) this.#count++
    texts[texts[slot] !== undefined && isFree ? slot ^ 1 : slot] = text
    return text
  }
}

/** ASCII only: a byte is a character. */
function isText(text: string, bytes: Buffer, at: number, size: number): boolean {
  if (text.length !== size) return false
  for (let i = 0; i < size; i++) if (text.charCodeAt(i) !== bytes[at + i]) return false
  return true
}
