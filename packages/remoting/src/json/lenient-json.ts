import { isUtf8 } from 'node:buffer'

/**
 * JSON as fastjson writes and reads it (remoting.md section 15.3). Beside JSON it takes unquoted and
 * single-quoted keys, and objects as keys, which become their own text. Integers of 2^53 and more stay
 * text, so that no digit is lost. Objects have no prototype; of a repeated key the last one counts.
 */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject
export interface JsonObject {
  [key: string]: JsonValue
}

export type JsonResult =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly reason: string }

export const JSON_DEPTH_MAX = 32

/** Parses one value that fills the bytes. Never throws; bytes that are not UTF-8 are refused. */
export function parseLenientJson(bytes: Uint8Array, depthMax = JSON_DEPTH_MAX): JsonResult {
  if (!isUtf8(bytes)) return { ok: false, reason: 'the text is not UTF-8' }
  return parseLenientJsonText(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
    depthMax,
  )
}

export function parseLenientJsonText(text: string, depthMax = JSON_DEPTH_MAX): JsonResult {
  const cursor: Cursor = { text, at: 0, depthLeft: depthMax, problem: undefined }
  const value = parseValue(cursor)
  if (cursor.problem === undefined && skipBlanks(cursor) < text.length) fail(cursor, 'text behind the value')
  return cursor.problem === undefined ? { ok: true, value } : { ok: false, reason: cursor.problem }
}

/** After a problem every step returns at once: no exception is thrown on bytes from a peer. */
interface Cursor {
  readonly text: string
  at: number
  depthLeft: number
  problem: string | undefined
}

const QUOTE = 0x22
const APOSTROPHE = 0x27
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /[A-Za-z0-9_$.+-]+/y

function fail(cursor: Cursor, problem: string): null {
  cursor.problem ??= `${problem} at ${cursor.at}`
  return null
}

function skipBlanks(cursor: Cursor): number {
  const { text } = cursor
  let at = cursor.at
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) break
  }
  cursor.at = at
  return at
}

function parseValue(cursor: Cursor): JsonValue {
  const c = cursor.text.charCodeAt(skipBlanks(cursor))
  if (c === QUOTE || c === APOSTROPHE) return parseString(cursor, c)
  if (c === OPEN_BRACE) return nested(cursor, parseObject)
  if (c === OPEN_BRACKET) return nested(cursor, parseArray)
  if (c === 0x2d || (c >= 0x30 && c <= 0x39)) return parseNumber(cursor)
  return parseWord(cursor)
}

function nested(cursor: Cursor, parse: (cursor: Cursor) => JsonValue): JsonValue {
  if (cursor.depthLeft === 0) return fail(cursor, 'too deep')
  cursor.depthLeft--
  const value = parse(cursor)
  cursor.depthLeft++
  return value
}

function parseObject(cursor: Cursor): JsonValue {
  const object: JsonObject = Object.create(null)
  cursor.at++
  for (;;) {
    const c = cursor.text.charCodeAt(skipBlanks(cursor))
    if (c === CLOSE_BRACE) {
      cursor.at++
      return object
    }
    const key = parseKey(cursor, c)
    if (cursor.text.charCodeAt(skipBlanks(cursor)) !== COLON) return fail(cursor, 'no colon')
    cursor.at++
    object[key] = parseValue(cursor)
    if (cursor.problem !== undefined) return null
    if (!separated(cursor, CLOSE_BRACE)) return fail(cursor, 'no end of the object')
  }
}

/**
 * Objects as keys are kept as the text they were written with: MessageQueue keys are parsed again by their
 * codec.
 */
function parseKey(cursor: Cursor, c: number): string {
  if (c === QUOTE || c === APOSTROPHE) return parseString(cursor, c)
  if (c === OPEN_BRACE) {
    const from = cursor.at
    nested(cursor, parseObject)
    return cursor.text.slice(from, cursor.at)
  }
  WORD.lastIndex = cursor.at
  const word = WORD.exec(cursor.text)
  if (word === null) {
    fail(cursor, 'no key')
    return ''
  }
  cursor.at = WORD.lastIndex
  return word[0]
}

function parseArray(cursor: Cursor): JsonValue {
  const list: JsonValue[] = []
  cursor.at++
  for (;;) {
    if (cursor.text.charCodeAt(skipBlanks(cursor)) === CLOSE_BRACKET) {
      cursor.at++
      return list
    }
    list.push(parseValue(cursor))
    if (cursor.problem !== undefined) return null
    if (!separated(cursor, CLOSE_BRACKET)) return fail(cursor, 'no end of the array')
  }
}

/** After a value: a comma (also one before the end, as fastjson allows), or the end itself. */
function separated(cursor: Cursor, end: number): boolean {
  const c = cursor.text.charCodeAt(skipBlanks(cursor))
  if (c === COMMA) cursor.at++
  return c === COMMA || c === end
}

function parseNumber(cursor: Cursor): JsonValue {
  NUMBER.lastIndex = cursor.at
  const found = NUMBER.exec(cursor.text)
  if (found === null) return fail(cursor, 'no number')
  cursor.at = NUMBER.lastIndex
  const text = found[0]
  const value = Number(text)
  const isInteger = !/[.eE]/.test(text)
  return isInteger && !Number.isSafeInteger(value) ? text : value
}

function parseWord(cursor: Cursor): JsonValue {
  WORD.lastIndex = cursor.at
  const word = WORD.exec(cursor.text)?.[0]
  const value = word === 'true' ? true : word === 'false' ? false : word === 'null' ? null : undefined
  if (value === undefined || word === undefined) return fail(cursor, 'no value')
  cursor.at += word.length
  return value
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}
const HEX4 = /^[0-9a-fA-F]{4}$/

function parseString(cursor: Cursor, quote: number): string {
  const { text } = cursor
  let from = ++cursor.at
  let result = ''
  for (;;) {
    const c = text.charCodeAt(cursor.at)
    if (c === quote) {
      result += text.slice(from, cursor.at++)
      return result
    }
    if (Number.isNaN(c)) {
      fail(cursor, 'no end of the string')
      return ''
    }
    if (c !== 0x5c) {
      cursor.at++
      continue
    }
    result += text.slice(from, cursor.at) + parseEscape(cursor)
    if (cursor.problem !== undefined) return ''
    from = cursor.at
  }
}

function parseEscape(cursor: Cursor): string {
  const letter = cursor.text.charAt(cursor.at + 1)
  if (letter === 'u') {
    const digits = cursor.text.slice(cursor.at + 2, cursor.at + 6)
    if (HEX4.test(digits)) {
      cursor.at += 6
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
  }
  const plain = Object.hasOwn(SHORT_ESCAPES, letter) ? SHORT_ESCAPES[letter] : undefined
  if (plain === undefined) {
    fail(cursor, 'bad escape')
    return ''
  }
  cursor.at += 2
  return plain
}
