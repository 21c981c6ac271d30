import { isUtf8 } from 'node:buffer'
import { type DecodeResult, MqError } from '@rockhopper/message'
import { COMMANDS } from './commands.js'
import type { CommandHeader } from './header-json.js'
import { type ExtFields, isResponse, LANGUAGES } from './remoting-command.js'

// remoting.md section 4 (Apache: RocketMQSerializable).
//
//   code i16 | language i8 | version i16 | opaque i32 | flag i32 |
//   remark: i32 n, bytes | extFields: i32 n, entries
//   entry: key: i16 n, bytes | value: i32 n, bytes

const FIXED_SIZE = 21
const KEY_SIZE_MAX = 0x7fff

/**
 * The POP codes do not fit into 16 bits. Java cuts them and then knows nobody by that number; we map them
 * back.
 */
const CODE_BY_TRUNCATED = new Map(
  Object.values(COMMANDS)
    .filter((row) => row.code > 0x7fff)
    .map((row) => [(row.code << 16) >> 16, row.code]),
)

export function fullRequestCode(code16: number): number {
  return CODE_BY_TRUNCATED.get(code16) ?? code16
}

export function encodeBinaryHeader(header: CommandHeader): Buffer {
  const remark = Buffer.from(header.remark ?? '', 'utf8')
  const fields = encodeExtFields(header.extFields)
  const bytes = Buffer.alloc(FIXED_SIZE + remark.length + fields.length)
  bytes.writeInt16BE((header.code << 16) >> 16, 0)
  bytes.writeInt8(Math.max(0, LANGUAGES.indexOf(header.language ?? 'OTHER')), 2)
  bytes.writeInt16BE((header.version << 16) >> 16, 3)
  bytes.writeInt32BE(header.opaque, 5)
  bytes.writeInt32BE(header.flag, 9)
  bytes.writeInt32BE(remark.length, 13)
  remark.copy(bytes, 17)
  bytes.writeInt32BE(fields.length, 17 + remark.length)
  fields.copy(bytes, FIXED_SIZE + remark.length)
  return bytes
}

function encodeExtFields(extFields: ExtFields | undefined): Buffer {
  const parts: Buffer[] = []
  for (const name in extFields) {
    const key = Buffer.from(name, 'utf8')
    const value = Buffer.from(extFields[name] as string, 'utf8')
    if (key.length > KEY_SIZE_MAX)
      throw new MqError('ARGUMENT_ILLEGAL', 'the name of a header field is too long')
    const lengths = Buffer.alloc(6)
    lengths.writeInt16BE(key.length, 0)
    lengths.writeInt32BE(value.length, 2)
    parts.push(lengths.subarray(0, 2), key, lengths.subarray(2), value)
  }
  return Buffer.concat(parts)
}

/** Never throws; every length is checked against what is left. */
export function decodeBinaryHeader(bytes: Buffer): DecodeResult<CommandHeader> {
  if (bytes.length < FIXED_SIZE) return { ok: false, reason: 'the binary header is cut' }
  const code16 = bytes.readInt16BE(0)
  const flag = bytes.readInt32BE(9)
  const remarkSize = bytes.readInt32BE(13)
  if (remarkSize < 0 || remarkSize > bytes.length - FIXED_SIZE)
    return { ok: false, reason: 'bad remark length' }
  const remark = utf8(bytes, 17, remarkSize)
  const fieldsAt = 17 + remarkSize
  const fieldsSize = bytes.readInt32BE(fieldsAt)
  if (fieldsSize < 0 || fieldsSize > bytes.length - fieldsAt - 4)
    return { ok: false, reason: 'bad extFields length' }
  const extFields =
    fieldsSize === 0 ? undefined : decodeExtFields(bytes, fieldsAt + 4, fieldsAt + 4 + fieldsSize)
  if (remark === undefined || extFields === null)
    return { ok: false, reason: 'bad text or field in the header' }
  return {
    ok: true,
    size: bytes.length,
    value: {
      code: isResponse(flag) ? code16 : fullRequestCode(code16),
      flag,
      opaque: bytes.readInt32BE(5),
      version: bytes.readInt16BE(3),
      language: LANGUAGES[bytes.readInt8(2)],
      remark: remarkSize === 0 ? undefined : remark,
      extFields,
    },
  }
}

/** Null when an entry does not fit. A value of length 0 is absent, as in Java. */
function decodeExtFields(bytes: Buffer, from: number, end: number): ExtFields | null {
  const fields: Record<string, string> = Object.create(null)
  let at = from
  while (at < end) {
    if (end - at < 2) return null
    const keySize = bytes.readInt16BE(at)
    if (keySize < 0 || keySize > end - at - 6) return null
    const valueAt = at + 2 + keySize + 4
    const valueSize = bytes.readInt32BE(valueAt - 4)
    if (valueSize < 0 || valueSize > end - valueAt) return null
    const key = utf8(bytes, at + 2, keySize)
    const value = utf8(bytes, valueAt, valueSize)
    if (key === undefined || value === undefined) return null
    if (valueSize > 0) fields[key] = value
    at = valueAt + valueSize
  }
  return fields
}

function utf8(bytes: Buffer, at: number, size: number): string | undefined {
  const text = bytes.subarray(at, at + size)
  return isUtf8(text) ? text.toString('utf8') : undefined
}
