// Values of JSON strings in place. The scanner admits only escapes that are read here: \uXXXX below and
// above the surrogates, and the short ones.

const SHORT = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])

/** Length of the escape that begins at the backslash `at`, or 0 when it is not one the scanner admits. */
export function escapeSize(bytes: Buffer, at: number, end: number): number {
  if (at + 1 >= end) return 0
  const letter = bytes[at + 1] as number
  if (letter !== 0x75) return SHORT.has(letter) ? 2 : 0
  if (at + 6 > end) return 0
  const unit = hex4(bytes, at + 2)
  // Surrogates go the general way: two of them make one character.
  return unit < 0 || (unit >= 0xd800 && unit <= 0xdfff) ? 0 : 6
}

export function unescapedText(bytes: Buffer, start: number, end: number): string {
  const plain = Buffer.allocUnsafe(end - start)
  return plain.toString('utf8', 0, copyUnescaped(bytes, start, end, plain, 0))
}

/**
 * Copies [start, end) with its escapes resolved; returns how many bytes were written, never more than were
 * read.
 */
export function copyUnescaped(bytes: Buffer, start: number, end: number, into: Buffer, at: number): number {
  let to = at
  for (let from = start; from < end; ) {
    const c = bytes[from] as number
    if (c !== 0x5c) {
      into[to++] = c
      from++
      continue
    }
    const letter = bytes[from + 1] as number
    if (letter !== 0x75) {
      into[to++] = SHORT.get(letter) as number
      from += 2
      continue
    }
    to = putUtf8(hex4(bytes, from + 2), into, to)
    from += 6
  }
  return to - at
}

function putUtf8(unit: number, into: Buffer, at: number): number {
  if (unit < 0x80) {
    into[at] = unit
    return at + 1
  }
  if (unit < 0x800) {
    into[at] = 0xc0 | (unit >> 6)
    into[at + 1] = 0x80 | (unit & 0x3f)
    return at + 2
  }
  into[at] = 0xe0 | (unit >> 12)
  into[at + 1] = 0x80 | ((unit >> 6) & 0x3f)
  into[at + 2] = 0x80 | (unit & 0x3f)
  return at + 3
}

/** Value of a hexadecimal digit by its byte, or -1. */
const DIGITS = new Int8Array(256).fill(-1)
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16)
  DIGITS[text.charCodeAt(0)] = digit
  DIGITS[text.toUpperCase().charCodeAt(0)] = digit
}

/** Four hexadecimal digits, or -1. */
function hex4(bytes: Buffer, at: number): number {
  let value = 0
  for (let i = 0; i < 4; i++) {
    const digit = DIGITS[bytes[at + i] as number] as number
    if (digit < 0) return -1
    value = (value << 4) | digit
  }
  return value
}
