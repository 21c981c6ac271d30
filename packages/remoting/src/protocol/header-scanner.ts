import { LastText } from '@rockhopper/message'
import { type CommandName, commandRow } from './commands.js'
import { COMMON_REQUEST_FIELDS, type Field, type Fields, type FieldType } from './field.js'
import type { FrameView } from './frame-view.js'
import { decodeValue } from './header-fields.js'
import { HeaderShapes } from './header-shape.js'
import { KeyIndex } from './key-index.js'
import { isResponse, SerializeType } from './remoting-command.js'
import { scanBinaryHeader } from './scan-binary-header.js'
import { scanJsonHeader } from './scan-json-header.js'
import type { ScanTarget } from './scan-target.js'
import { copyUnescaped, unescapedText } from './scanned-text.js'

type HeaderValue = string | number | boolean

/** A header, which of the fields it has, and their values. */
interface LastHeader {
  readonly header: Readonly<Record<string, HeaderValue>>
  readonly present: Int32Array
  readonly values: readonly (HeaderValue | undefined)[]
}

/**
 * The fast decoder of one hot command, compiled from its row: no strings, no objects, no JSON.parse
 * (performance.md, how to get there, 3). It takes what well-behaved clients write and says no to the rest;
 * whenever it says yes it agrees with the plain decoder, which the tests check on random headers.
 */
export class HeaderScanner implements ScanTarget {
  flag = 0
  opaque = 0
  opaqueStart = 0
  opaqueEnd = 0
  version = 0
  language = -1
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly escaped: Uint8Array
  readonly keys: KeyIndex
  /** Value of numeric field i, 0 or 1 of a boolean one; NaN when the field is absent. */
  readonly numbers: Float64Array
  readonly #names: readonly string[]
  readonly #fields: readonly Field[]
  /** Indexes of the fields that must be there, and of those that are numbers or booleans. */
  readonly #required: readonly number[]
  readonly #numeric: readonly number[]
  readonly #shapes = new HeaderShapes()
  readonly #lastTexts: readonly LastText[]
  #lastHeader: LastHeader = { header: {}, present: new Int32Array(0), values: [] }
  #frame: FrameView | undefined

  constructor(command: CommandName) {
    const fields: Fields = { ...COMMON_REQUEST_FIELDS, ...commandRow(command).request }
    this.#names = Object.keys(fields)
    this.#fields = Object.values(fields)
    this.keys = new KeyIndex(this.#names.map((name) => fields[name]?.wire ?? name))
    this.#lastTexts = this.#names.map(() => new LastText())
    const indexes = [...this.#fields.keys()]
    this.#required = indexes.filter((i) => this.#fields[i]?.required === true)
    this.#numeric = indexes.filter((i) => this.#fields[i]?.type !== 'string')
    this.starts = new Int32Array(this.#names.length)
    this.ends = new Int32Array(this.#names.length)
    this.escaped = new Uint8Array(this.#names.length)
    this.numbers = new Float64Array(this.#names.length)
  }

  /** Index of a field, to be looked up once. */
  field(name: string): number {
    const index = this.#names.indexOf(name)
    if (index < 0) throw new RangeError(`no header field ${name}`)
    return index
  }

  /**
   * Scans a request. True: every field of the row has its form and the accessors below are valid until the
   * next scan or the end of the view. Responses are never taken: their codes overlap with request codes.
   * False: the frame must go the general way, whatever is the matter with it.
   */
  scan(frame: FrameView): boolean {
    this.#frame = frame
    const { bytes, headerStart, headerEnd } = frame
    const isJson = frame.serializeType === SerializeType.JSON
    if (isJson && this.#shapes.fits(this, bytes, headerStart, headerEnd)) return this.#readNumbers(bytes)
    // Loops: for so few elements a call of `fill` costs more.
    const { starts, escaped } = this
    for (let i = 0; i < starts.length; i++) starts[i] = -1
    for (let i = 0; i < escaped.length; i++) escaped[i] = 0
    const isScanned = isJson
      ? scanJsonHeader(this, bytes, headerStart, headerEnd)
      : scanBinaryHeader(this, bytes, headerStart, headerEnd)
    if (!isScanned || isResponse(this.flag) || !this.#readNumbers(bytes)) return false
    if (isJson) this.#shapes.scanned(this, bytes, headerStart, headerEnd)
    return true
  }

  has(index: number): boolean {
    return (this.starts[index] as number) >= 0
  }

  /** The value as a string; undefined when absent. */
  text(index: number): string | undefined {
    const start = this.starts[index] as number
    if (start < 0) return undefined
    const bytes = (this.#frame as FrameView).bytes
    const end = this.ends[index] as number
    return this.escaped[index] === 1 ? unescapedText(bytes, start, end) : bytes.toString('utf8', start, end)
  }

  /** What the plain decoder makes of the fields. It is the caller's own. */
  header(): Record<string, HeaderValue> {
    const { starts } = this
    const last = this.#lastHeader
    for (let i = 0; i < starts.length; i++) {
      if ((starts[i] as number) >= 0 !== (last.present[i] === 1)) return this.#newHeader()
    }
    const header = { ...last.header }
    for (let i = 0; i < starts.length; i++) {
      if (last.present[i] !== 1) continue
      const value = this.#value(i)
      if (value !== last.values[i]) header[this.#names[i] as string] = value
    }
    return header
  }

  /** Kept, to copy it: an object made field by field took three times as long. */
  #newHeader(): Record<string, HeaderValue> {
    const header: Record<string, HeaderValue> = {}
    const present = this.starts.map((start) => (start >= 0 ? 1 : 0))
    const values = this.#names.map((name, i) => {
      const value = present[i] === 1 ? this.#value(i) : undefined
      if (value !== undefined) header[name] = value
      return value
    })
    this.#lastHeader = { header, present, values }
    return { ...header }
  }

  #value(i: number): HeaderValue {
    switch ((this.#fields[i] as Field).type) {
      case 'string':
        return this.#string(i)
      case 'bool':
        return this.numbers[i] === 1
      case 'boundary':
        return this.numbers[i] === 1 ? 'UPPER' : 'LOWER'
      default:
        return this.numbers[i] as number
    }
  }

  #string(i: number): string {
    if (this.escaped[i] === 1) return this.text(i) ?? ''
    const start = this.starts[i] as number
    return (this.#lastTexts[i] as LastText).text((this.#frame as FrameView).bytes, start, this.rawSize(i))
  }

  /** Copies the UTF-8 bytes of a value into `into` from `at`; returns how many, at most `rawSize(index)`. */
  copyText(index: number, into: Buffer, at: number): number {
    const start = this.starts[index] as number
    if (start < 0) return 0
    const bytes = (this.#frame as FrameView).bytes
    const end = this.ends[index] as number
    if (this.escaped[index] === 1) return copyUnescaped(bytes, start, end, into, at)
    return bytes.copy(into, at, start, end)
  }

  /** Bytes of the value as it stands in the frame; unescaping only makes it shorter. */
  rawSize(index: number): number {
    return this.has(index) ? (this.ends[index] as number) - (this.starts[index] as number) : 0
  }

  #readNumbers(bytes: Buffer): boolean {
    for (const i of this.#required) if ((this.starts[i] as number) < 0) return false
    for (const i of this.#numeric) {
      const start = this.starts[i] as number
      let value: number | undefined = Number.NaN
      if (start >= 0) {
        if (this.escaped[i] === 1) return false
        value = readNumber((this.#fields[i] as Field).type, bytes, start, this.ends[i] as number)
        if (value === undefined) return false
      }
      this.numbers[i] = value
    }
    return true
  }
}

/** The bytes of `true`. */
const TRUE = 0x7472_7565

/** Digits are read in place; other forms go through the plain decoder's own function. */
function readNumber(type: FieldType, bytes: Buffer, start: number, end: number): number | undefined {
  if (type === 'i32' || type === 'i64' || type === 'i64saturate') {
    const isNegative = bytes[start] === 0x2d
    const digitsAt = isNegative ? start + 1 : start
    // 9 digits fit into an i32 and 15 into a safe integer without a look at the value.
    if (end > digitsAt && end - digitsAt <= (type === 'i32' ? 9 : 15)) {
      let value = 0
      for (let at = digitsAt; at < end; at++) {
        const digit = (bytes[at] as number) - 0x30
        if (digit < 0 || digit > 9) return undefined
        value = value * 10 + digit
      }
      return isNegative ? 0 - value : value
    }
  }
  // A word of five bytes is not `true` in any case.
  if (type === 'bool' && end - start === 5) return 0
  if (type === 'bool' && end - start === 4 && bytes.readUInt32BE(start) === TRUE) return 1
  const value = decodeValue({ type, required: true, doc: '' }, bytes.toString('utf8', start, end))
  if (typeof value === 'string') return value === 'UPPER' ? 1 : 0
  return value === undefined ? undefined : Number(value)
}
