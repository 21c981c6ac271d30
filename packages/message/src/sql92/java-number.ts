/**
 * Numbers as Java reads them: properties are text, and the literal beside them decides how they are read
 * (Apache: ComparisonExpression.__compare). Undefined where Java throws NumberFormatException.
 */

const INT_DIGITS_MAX = 10
const LONG_DIGITS_MAX = 19
const LONG_MAX = 2n ** 63n - 1n
const LONG_MIN = -(2n ** 63n)

/** Integer.valueOf: a sign, then decimal digits of any script, within 32 bits. */
export function parseJavaInt(text: string): number | undefined {
  const digits = signedDigits(text, INT_DIGITS_MAX)
  if (digits === undefined) return undefined
  const value = Number(digits)
  return value === (value | 0) ? value | 0 : undefined
}

/** Long.valueOf: as `parseJavaInt`, within 64 bits. */
export function parseJavaLong(text: string): bigint | undefined {
  const digits = signedDigits(text, LONG_DIGITS_MAX)
  if (digits === undefined) return undefined
  const value = BigInt(digits)
  return value >= LONG_MIN && value <= LONG_MAX ? value : undefined
}

/** The digits in ASCII with a minus, if any; undefined when it is no number or has more digits than fit. */
function signedDigits(text: string, digitsMax: number): string | undefined {
  const negative = text.startsWith('-')
  let at = negative || text.startsWith('+') ? 1 : 0
  if (at === text.length) return undefined
  let digits = ''
  for (; at < text.length; at++) {
    const digit = digitOf(text.charCodeAt(at))
    if (digit < 0) return undefined
    if (digits !== '' || digit > 0) digits += digit
    if (digits.length > digitsMax) return undefined
  }
  if (digits === '') return '0'
  return negative ? `-${digits}` : digits
}

/** Zeros of the scripts that Character.digit knows below U+10000; nine more digits follow each. */
const ZEROS = [
  0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50,
  0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40,
  0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
]

function digitOf(code: number): number {
  if (code < 0x660) return code >= 0x30 && code <= 0x39 ? code - 0x30 : -1
  const zero = ZEROS.find((each) => code >= each && code <= each + 9)
  return zero === undefined ? -1 : code - zero
}
