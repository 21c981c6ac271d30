import { ODD_PROPERTIES } from './stored-properties.js'

const UNIQ_KEY = Buffer.from('UNIQ_KEY')
const WAIT = Buffer.from('WAIT')
const FALSE = Buffer.from('false')

/** Length and first byte of the odd names: what does not look like one is not compared further. */
const ODD_SHAPES = new Set([...ODD_PROPERTIES].map((name) => shape(name.length, name.charCodeAt(0))))

/**
 * One walk over encoded properties, without strings: whether they are plain (stored-properties.ts,
 * `isPlain`), where the UNIQ_KEY lies and whether the sender waits for the sync. What it is not sure of is
 * not plain.
 */
export class PropertyWalk {
  uniqueKeyStart = -1
  uniqueKeyEnd = -1
  waits = true

  /** True when bytes[0, end) are plain and closed by the separator. */
  isPlain(bytes: Buffer, end: number): boolean {
    this.uniqueKeyStart = -1
    this.waits = true
    let at = 0
    while (at < end) {
      const valueAt = skipTo(bytes, at, end, 1) + 1
      const segmentEnd = skipTo(bytes, at, end, 2)
      // Segments that the decoder of Apache would skip go the general way.
      if (segmentEnd >= end || valueAt <= at + 1 || valueAt >= segmentEnd) return false
      if (!this.#take(bytes, at, valueAt, segmentEnd)) return false
      at = segmentEnd + 1
    }
    return this.uniqueKeyStart >= 0
  }

  #take(bytes: Buffer, at: number, valueAt: number, end: number): boolean {
    const nameSize = valueAt - 1 - at
    if (nameSize === UNIQ_KEY.length && equals(bytes, at, UNIQ_KEY)) {
      if (!isPlainText(bytes, valueAt, end)) return false
      this.uniqueKeyStart = valueAt
      this.uniqueKeyEnd = end
    } else if (nameSize === WAIT.length && equals(bytes, at, WAIT)) {
      this.waits = !(end - valueAt === FALSE.length && equals(bytes, valueAt, FALSE))
    } else if (ODD_SHAPES.has(shape(nameSize, bytes[at] as number))) {
      return !ODD_PROPERTIES.has(bytes.toString('latin1', at, valueAt - 1))
    }
    return true
  }
}

function shape(length: number, firstByte: number): number {
  return length * 256 + firstByte
}

function skipTo(bytes: Buffer, from: number, end: number, separator: number): number {
  let at = from
  while (at < end && bytes[at] !== separator) at++
  return at
}

function equals(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false
  return true
}

/** Printable ASCII without quote and backslash: it stands in a JSON reply as it is. */
function isPlainText(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const c = bytes[at] as number
    if (c < 0x20 || c > 0x7e || c === 0x22 || c === 0x5c) return false
  }
  return true
}
