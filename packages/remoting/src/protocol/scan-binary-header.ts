import { LANGUAGES } from './remoting-command.js'
import { isText, type ScanTarget } from './scan-target.js'

const FIXED_SIZE = 21

/** Offsets of the fields of a binary header (remoting.md section 4); false when it is odd in any way. */
export function scanBinaryHeader(target: ScanTarget, bytes: Buffer, start: number, end: number): boolean {
  if (end - start < FIXED_SIZE) return false
  const language = bytes.readInt8(start + 2)
  target.language = language >= 0 && language < LANGUAGES.length ? language : -1
  target.version = bytes.readInt16BE(start + 3)
  target.opaque = bytes.readInt32BE(start + 5)
  target.flag = bytes.readInt32BE(start + 9)
  const remarkSize = bytes.readInt32BE(start + 13)
  if (remarkSize < 0 || remarkSize > end - start - FIXED_SIZE) return false
  if (remarkSize > 0 && !isText(bytes, start + 17, start + 17 + remarkSize)) return false
  const fieldsAt = start + FIXED_SIZE + remarkSize
  const fieldsEnd = fieldsAt + bytes.readInt32BE(fieldsAt - 4)
  if (fieldsEnd < fieldsAt || fieldsEnd > end) return false
  return scanEntries(target, bytes, fieldsAt, fieldsEnd)
}

function scanEntries(target: ScanTarget, bytes: Buffer, from: number, end: number): boolean {
  let at = from
  while (at < end) {
    if (end - at < 2) return false
    const keySize = bytes.readInt16BE(at)
    if (keySize < 0 || keySize > end - at - 6) return false
    const keyEnd = at + 2 + keySize
    const valueSize = bytes.readInt32BE(keyEnd)
    const valueAt = keyEnd + 4
    if (valueSize < 0 || valueSize > end - valueAt) return false
    const valueEnd = valueAt + valueSize
    if (!isPlainText(bytes, at + 2, keyEnd) || !isPlainText(bytes, valueAt, valueEnd)) return false
    const index = target.keys.find(bytes, at + 2, keyEnd)
    if (index >= 0 && valueSize > 0) {
      target.starts[index] = valueAt
      target.ends[index] = valueEnd
    }
    at = valueEnd
  }
  return true
}

function isPlainText(bytes: Buffer, start: number, end: number): boolean {
  let high = 0
  for (let at = start; at < end; at++) high |= bytes[at] as number
  return high < 0x80 || isText(bytes, start, end)
}
