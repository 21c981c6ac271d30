import type { DecodeResult } from '@rockhopper/message'
import { jsonString } from '../json/json-text.js'
import { type JsonObject, type JsonValue, parseLenientJson } from '../json/lenient-json.js'
import { type ExtFields, LANGUAGES, type Language, type RemotingCommand } from './remoting-command.js'

/** Everything of a command but its body and how its header was written. */
export type CommandHeader = Omit<RemotingCommand, 'body' | 'serializeType'>

/** A header is flat: the object, its extFields, and room for what fastjson would turn into text. */
const HEADER_DEPTH_MAX = 4
const I32_MIN = -0x8000_0000
const I32_MAX = 0x7fff_ffff

/**
 * remoting.md section 3. Keys in fastjson's (alphabetical) order, extFields in the order they have, so that
 * a decoded frame of a Java peer encodes to the same bytes.
 */
export function encodeJsonHeader(header: CommandHeader): Buffer {
  const { extFields } = header
  let fields: string | undefined
  if (extFields !== undefined) {
    let separator = '{'
    fields = ''
    for (const key in extFields) {
      fields += `${separator}${jsonString(key)}:${jsonString(extFields[key] as string)}`
      separator = ','
    }
    fields += separator === ',' ? '}' : '{}'
  }
  return Buffer.from(jsonHeaderText(header, fields), 'utf8')
}

/** The same with extFields as they stand on the wire; undefined for none. */
export function jsonHeaderText(header: Omit<CommandHeader, 'extFields'>, extFields?: string): string {
  let text = `{"code":${header.code}`
  if (extFields !== undefined) text += `,"extFields":${extFields}`
  text += `,"flag":${header.flag}`
  if (header.language !== undefined) text += `,"language":"${header.language}"`
  text += `,"opaque":${header.opaque}`
  if (header.remark !== undefined) text += `,"remark":${jsonString(header.remark)}`
  return `${text},"serializeTypeCurrentRPC":"JSON","version":${header.version}}`
}

/** Never throws. Absent numbers are 0, as the fields of the Java class are. */
export function decodeJsonHeader(bytes: Uint8Array): DecodeResult<CommandHeader> {
  const parsed = parseLenientJson(bytes, HEADER_DEPTH_MAX)
  if (!parsed.ok) return { ok: false, reason: parsed.reason }
  const json = parsed.value
  if (!isJsonObject(json)) return { ok: false, reason: 'the header is not an object' }
  const [code, flag, opaque, version] = ['code', 'flag', 'opaque', 'version'].map((key) => i32Of(json[key]))
  if (code === undefined || flag === undefined || opaque === undefined || version === undefined) {
    return { ok: false, reason: 'code, flag, opaque or version is not an i32' }
  }
  const extFields = json['extFields'] ?? undefined
  if (extFields !== undefined && !isJsonObject(extFields)) {
    return { ok: false, reason: 'extFields is not an object' }
  }
  const remark = json['remark'] ?? undefined
  return {
    ok: true,
    size: bytes.length,
    value: {
      code,
      flag,
      opaque,
      version,
      language: languageOf(json['language']),
      remark: remark === undefined ? undefined : textOf(remark),
      extFields: extFields === undefined ? undefined : stringFields(extFields),
    },
  }
}

function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function i32Of(value: JsonValue | undefined): number | undefined {
  if (value === undefined || value === null) return 0
  const number = typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined
  return number >= I32_MIN && number <= I32_MAX ? number + 0 : undefined
}

/** fastjson takes a name or an ordinal; a name it does not know becomes null. */
function languageOf(value: JsonValue | undefined): Language | undefined {
  if (typeof value === 'number') return LANGUAGES[value]
  return LANGUAGES.find((language) => language === value)
}

/** fastjson coerces what is not a string in a Map<String, String>; a null value is as if it were absent. */
function stringFields(json: JsonObject): ExtFields {
  const fields: Record<string, string> = Object.create(null)
  for (const key in json) {
    const value = json[key] as JsonValue
    if (value !== null) fields[key] = textOf(value)
  }
  return fields
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value)
}
