import { KeyIndex } from './key-index.js'
import { LANGUAGES } from './remoting-command.js'
import { isText, type ScanTarget } from './scan-target.js'
import { escapeSize } from './scanned-text.js'

const TOP_KEYS = new KeyIndex([
  'code',
  'extFields',
  'flag',
  'language',
  'opaque',
  'remark',
  'serializeTypeCurrentRPC',
  'version',
])
const LANGUAGE_INDEX = new KeyIndex(LANGUAGES)

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Where the last string or number ended, and what it was. Module state: a scan is synchronous, and an
 * object per string would cost more than the scan.
 */
let at = 0
let stringStart = 0
let stringEnd = 0
let hasEscape = false
let highBits = 0
let number = 0

/**
 * Offsets of the fields of a JSON header without blanks, as Java and Go write it; keys in any order, each
 * top-level key at most once. False when it is odd in any way.
 */
export function scanJsonHeader(target: ScanTarget, bytes: Buffer, start: number, end: number): boolean {
  target.flag = 0
  target.opaque = 0
  target.opaqueStart = 0
  target.opaqueEnd = 0
  target.version = 0
  target.language = -1
  highBits = 0
  at = start
  if (bytes[at++] !== OPEN_BRACE) return false
  let seen = 0
  for (;;) {
    if (!scanString(bytes, end) || hasEscape || bytes[at++] !== COLON) return false
    const key = TOP_KEYS.find(bytes, stringStart, stringEnd)
    if (key < 0 || (seen & (1 << key)) !== 0) return false
    seen |= 1 << key
    if (!scanMember(target, bytes, end, key)) return false
    const c = bytes[at++]
    if (at > end) return false
    if (c === CLOSE_BRACE) break
    if (c !== COMMA) return false
  }
  return at === end && (highBits < 0x80 || isText(bytes, start, end))
}

/** By the order of TOP_KEYS. */
function scanMember(target: ScanTarget, bytes: Buffer, end: number, key: number): boolean {
  switch (key) {
    case 0:
      return scanNumber(bytes, end)
    case 1:
      return scanFields(target, bytes, end)
    case 2:
      if (!scanNumber(bytes, end)) return false
      target.flag = number
      return true
    case 3:
      if (!scanString(bytes, end) || hasEscape) return false
      target.language = LANGUAGE_INDEX.find(bytes, stringStart, stringEnd)
      return true
    case 4:
      target.opaqueStart = at
      if (!scanNumber(bytes, end)) return false
      target.opaqueEnd = at
      target.opaque = number
      return true
    case 7:
      if (!scanNumber(bytes, end)) return false
      target.version = number
      return true
    default:
      return scanString(bytes, end)
  }
}

function scanFields(target: ScanTarget, bytes: Buffer, end: number): boolean {
  if (bytes[at++] !== OPEN_BRACE) return false
  if (bytes[at] === CLOSE_BRACE) {
    at++
    return true
  }
  for (;;) {
    if (!scanString(bytes, end) || hasEscape || bytes[at++] !== COLON) return false
    const index = target.keys.find(bytes, stringStart, stringEnd)
    if (!scanString(bytes, end)) return false
    if (index >= 0) {
      target.starts[index] = stringStart
      target.ends[index] = stringEnd
      target.escaped[index] = hasEscape ? 1 : 0
    }
    const c = bytes[at++]
    if (at > end) return false
    if (c === CLOSE_BRACE) return true
    if (c !== COMMA) return false
  }
}

function scanString(bytes: Buffer, end: number): boolean {
  // Locals in the loop: the module's variables live in memory, and this loop sees every byte of the header.
  let here = at
  let bits = 0
  if (here >= end || bytes[here] !== QUOTE) return false
  stringStart = ++here
  hasEscape = false
  while (here < end) {
    const c = bytes[here] as number
    if (c === QUOTE) {
      stringEnd = here
      at = here + 1
      highBits |= bits
      return true
    }
    if (c < 0x20) return false
    bits |= c
    if (c !== BACKSLASH) here++
    else {
      const size = escapeSize(bytes, here, end)
      if (size === 0) return false
      hasEscape = true
      here += size
    }
  }
  return false
}

/** An integer of at most 9 digits, or an i32 of 10. */
function scanNumber(bytes: Buffer, end: number): boolean {
  const isNegative = bytes[at] === MINUS
  if (isNegative) at++
  const from = at
  number = 0
  while (at < end && at - from < 11) {
    const digit = (bytes[at] as number) - 0x30
    if (digit < 0 || digit > 9) break
    number = number * 10 + digit
    at++
  }
  if (isNegative) number = 0 - number
  return at > from && number >= -0x8000_0000 && number <= 0x7fff_ffff
}
