import { isUtf8 } from 'node:buffer'
import type { KeyIndex } from './key-index.js'

/** What a scan finds out, as offsets and numbers; shared by both header forms. */
export interface ScanTarget {
  flag: number
  opaque: number
  /** Of the digits of the opaque in a JSON header; 0 where it has none. */
  opaqueStart: number
  opaqueEnd: number
  version: number
  /** Index into LANGUAGES, or -1. */
  language: number
  /** Of the value of field i in the frame's bytes; start is -1 when the field is absent. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** 1 when the value holds JSON escapes. */
  readonly escaped: Uint8Array
  readonly keys: KeyIndex
}

/** Whether a span with bytes above ASCII may be read as text: the plain decoders refuse what is not UTF-8. */
export function isText(bytes: Buffer, start: number, end: number): boolean {
  return isUtf8(bytes.subarray(start, end))
}
