import { MqError } from '@rockhopper/message'
import { jsonString } from '../json/json-text.js'
import type { Field, Fields, Header } from './field.js'
import type { ExtFields } from './remoting-command.js'

const INTEGER = /^-?\d{1,19}$/
const I32_MIN = -0x8000_0000
const I32_MAX = 0x7fff_ffff
const I64_MAX = 2n ** 63n - 1n
const I64_MIN = -(2n ** 63n)

export type HeaderResult<F extends Fields> =
  | { readonly ok: true; readonly value: Header<F> }
  | { readonly ok: false; readonly reason: string; readonly field: string }

/**
 * The plain decoder: strings of the wire to a typed header, by the fields of a row. Unknown strings are
 * ignored, as Java does. A missing field is named in Java's words; a value of the wrong form is refused and
 * never rounded. With `partial`, missing required fields are left out instead: for responses that report a
 * failure.
 */
export function decodeHeader<F extends Fields>(
  fields: F,
  extFields: ExtFields | undefined,
  partial = false,
): HeaderResult<F> {
  const header: Record<string, string | number | boolean> = Object.create(null)
  for (const name in fields) {
    const field = fields[name] as Field
    const text = extFields?.[field.wire ?? name]
    if (text === undefined) {
      if (!field.required || partial) continue
      return { ok: false, field: name, reason: `the custom field <${name}> is null` }
    }
    const value = decodeValue(field, text)
    if (value === undefined) {
      return { ok: false, field: name, reason: `the custom field <${name}> is not a valid ${field.type}` }
    }
    header[name] = value
  }
  return { ok: true, value: header as Header<F> }
}

/** One value, or undefined when the text does not have the form of its type. */
export function decodeValue(field: Field, text: string): string | number | boolean | undefined {
  switch (field.type) {
    case 'string':
      return text
    case 'bool':
      // Java: Boolean.parseBoolean.
      return text === 'true' || text.toLowerCase() === 'true'
    case 'boundary':
      return text.toUpperCase() === 'UPPER' ? 'UPPER' : 'LOWER'
    case 'double': {
      const value = text.trim() === '' ? Number.NaN : Number(text)
      return Number.isFinite(value) ? value : undefined
    }
    case 'i32':
      return parseI32(text)
    case 'i64':
      return parseI64(text)
    case 'i64saturate':
      return parseI64Saturating(text)
  }
}

/**
 * Typed header to the strings of the wire; fields that are undefined are left out. Throws MqError on a bad
 * value.
 */
export function encodeHeader<F extends Fields>(fields: F, header: Header<F>): Record<string, string> {
  const given = header as Readonly<Record<string, unknown>>
  const extFields: Record<string, string> = Object.create(null)
  for (const name in fields) {
    const field = fields[name] as Field
    const value = given[name]
    if (value === undefined || value === null) {
      if (field.required) throw missing(name)
      continue
    }
    extFields[field.wire ?? name] = encodeValue(name, field, value)
  }
  return extFields
}

/**
 * As JSON.stringify(encodeHeader(fields, header)) would be, in the form of fastjson; '' without a field. It
 * goes without the strings in between: half of the CPU of the head of an answer.
 */
export function headerText<F extends Fields>(fields: F, header: Header<F>): string {
  const given = header as Readonly<Record<string, unknown>>
  let text = ''
  for (const name in fields) {
    const field = fields[name] as Field
    const value = given[name]
    if (value === undefined || value === null) {
      if (field.required) throw missing(name)
      continue
    }
    const encoded = encodeValue(name, field, value)
    // Of digits and words nothing is to be escaped.
    const quoted = field.type === 'string' ? jsonString(encoded) : `"${encoded}"`
    text += `${text === '' ? '{' : ','}"${field.wire ?? name}":${quoted}`
  }
  return text === '' ? '' : `${text}}`
}

function missing(name: string): MqError {
  return new MqError('ARGUMENT_ILLEGAL', `the header field ${name} is missing`)
}

function encodeValue(name: string, field: Field, value: unknown): string {
  switch (field.type) {
    case 'string':
    case 'boundary':
      if (typeof value === 'string') return value
      break
    case 'bool':
      if (typeof value === 'boolean') return value ? 'true' : 'false'
      break
    case 'double':
      if (typeof value === 'number' && Number.isFinite(value)) return String(value)
      break
    case 'i32':
      if (Number.isInteger(value) && (value as number) >= I32_MIN && (value as number) <= I32_MAX)
        return String(value)
      break
    case 'i64':
      if (Number.isSafeInteger(value)) return String(value)
      break
    case 'i64saturate':
      if (typeof value === 'number' && value >= Number.MAX_SAFE_INTEGER) return String(I64_MAX)
      if (typeof value === 'number' && value <= Number.MIN_SAFE_INTEGER) return String(I64_MIN)
      if (Number.isSafeInteger(value)) return String(value)
      break
  }
  throw new MqError(
    'ARGUMENT_ILLEGAL',
    `the header field ${name} is not a valid ${field.type}: ${String(value)}`,
  )
}

function parseI32(text: string): number | undefined {
  if (!INTEGER.test(text)) return undefined
  const value = Number(text)
  return value >= I32_MIN && value <= I32_MAX ? value + 0 : undefined
}

function parseI64(text: string): number | undefined {
  if (!INTEGER.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value + 0 : undefined
}

function parseI64Saturating(text: string): number | undefined {
  if (!INTEGER.test(text)) return undefined
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value + 0
  const exact = BigInt(text)
  if (exact > I64_MAX || exact < I64_MIN) return undefined
  return exact > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER
}
