/**
 * Double.valueOf: blanks around it, a sign, `NaN`, `Infinity`, decimal or hexadecimal with a binary
 * exponent, and a suffix d or f (FloatingDecimal.readJavaFormatString).
 */
export function parseJavaDouble(text: string): number | undefined {
  const trimmed = javaTrim(text)
  const sign = trimmed.charAt(0)
  const unsigned = sign === '-' || sign === '+' ? trimmed.slice(1) : trimmed
  const value = unsignedDouble(unsigned)
  return value !== undefined && sign === '-' ? -value : value
}

/** String.trim: what is not above a blank. */
function javaTrim(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && text.charCodeAt(from) <= 0x20) from++
  while (to > from && text.charCodeAt(to - 1) <= 0x20) to--
  return text.slice(from, to)
}

function unsignedDouble(text: string): number | undefined {
  if (text === 'NaN') return Number.NaN
  if (text === 'Infinity') return Number.POSITIVE_INFINITY
  // A hexadecimal number ends in its decimal exponent: a last d or f is a suffix there, too.
  const last = text.charAt(text.length - 1)
  const number = last === 'd' || last === 'D' || last === 'f' || last === 'F' ? text.slice(0, -1) : text
  const hexadecimal = number.startsWith('0x') || number.startsWith('0X')
  const parts = hexadecimal ? numberParts(number, 2, isHexDigit, 'p') : numberParts(number, 0, isDigit, 'e')
  if (parts === undefined) return undefined
  if (!hexadecimal) return Number(number)
  return parts.exponent === ''
    ? undefined
    : hexadecimalDouble(parts.whole, parts.fraction, Number(parts.exponent))
}

interface NumberParts {
  readonly whole: string
  readonly fraction: string
  /** Empty when there is none. */
  readonly exponent: string
}

/** By hand: a regular expression on text of others can take quadratic time. */
function numberParts(
  text: string,
  from: number,
  isDigitHere: (code: number) => boolean,
  exponentLetter: string,
): NumberParts | undefined {
  const wholeEnd = digitsEnd(text, from, isDigitHere)
  const dotted = text.charAt(wholeEnd) === '.'
  const fractionAt = dotted ? wholeEnd + 1 : wholeEnd
  const fractionEnd = dotted ? digitsEnd(text, fractionAt, isDigitHere) : wholeEnd
  if (wholeEnd === from && fractionEnd === fractionAt) return undefined
  const parts = { whole: text.slice(from, wholeEnd), fraction: text.slice(fractionAt, fractionEnd) }
  if (fractionEnd === text.length) return { ...parts, exponent: '' }
  if (text.charAt(fractionEnd).toLowerCase() !== exponentLetter) return undefined
  const sign = text.charAt(fractionEnd + 1)
  const digitsAt = sign === '+' || sign === '-' ? fractionEnd + 2 : fractionEnd + 1
  if (digitsAt >= text.length || digitsEnd(text, digitsAt, isDigit) !== text.length) return undefined
  return { ...parts, exponent: text.slice(fractionEnd + 1) }
}

function digitsEnd(text: string, from: number, isDigitHere: (code: number) => boolean): number {
  let end = from
  while (end < text.length && isDigitHere(text.charCodeAt(end))) end++
  return end
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isHexDigit(code: number): boolean {
  const letter = code | 0x20
  return isDigit(code) || (code < 0x80 && letter >= 0x61 && letter <= 0x66)
}

/** Bits of a double's mantissa, and one that says whether more follow. */
const KEPT_DIGITS = 15
const KEPT_BITS = KEPT_DIGITS * 4

/** (whole.fraction) * 2^exponent, rounded once, half to even. */
function hexadecimalDouble(whole: string, fraction: string, exponent: number): number {
  let digits = whole + fraction
  let zeros = 0
  while (zeros < digits.length && digits.charAt(zeros) === '0') zeros++
  digits = digits.slice(zeros)
  if (digits === '') return 0
  let binary = exponent - 4 * fraction.length
  let mantissa = BigInt(`0x${digits.slice(0, KEPT_DIGITS)}`)
  if (digits.length > KEPT_DIGITS) {
    binary += 4 * (digits.length - KEPT_DIGITS)
    // Sticky: any bit further down breaks a tie upwards.
    mantissa = (mantissa << 1n) | (isZeros(digits, KEPT_DIGITS) ? 0n : 1n)
    binary -= 1
  }
  if (binary > 1100) return Number.POSITIVE_INFINITY
  if (binary < -1200 - KEPT_BITS) return 0
  return scaled(mantissa, binary)
}

function isZeros(digits: string, from: number): boolean {
  for (let at = from; at < digits.length; at++) if (digits.charAt(at) !== '0') return false
  return true
}

/** Exactly where it fits: only the bits that a double of this size keeps are left before it is scaled. */
function scaled(mantissa: bigint, binary: number): number {
  if (binary >= 0) return Number(mantissa << BigInt(binary))
  const size = mantissa.toString(2).length
  // A double keeps 53 bits, and none below 2^-1074.
  const dropped = Math.max(size - 53, -1074 - binary, 0)
  const rounded = roundedShift(mantissa, dropped)
  const power = binary + dropped
  // Two steps: 2^-1074 can be written as a double, and both factors are exact.
  return power < -1000 ? Number(rounded) * 2 ** -1000 * 2 ** (power + 1000) : Number(rounded) * 2 ** power
}

function roundedShift(mantissa: bigint, bits: number): bigint {
  if (bits <= 0) return mantissa
  const shift = BigInt(bits)
  const low = mantissa & ((1n << shift) - 1n)
  const half = 1n << (shift - 1n)
  const kept = mantissa >> shift
  return low > half || (low === half && (kept & 1n) === 1n) ? kept + 1n : kept
}
