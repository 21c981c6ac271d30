import assert from 'node:assert/strict'
import { getI16, getI32, putI16, putI32 } from './numbers.js'
import { PROPERTIES_SIZE_MAX } from './properties.js'
import { type DecodeResult, refused } from './result.js'

/**
 * One message of a batch body (remoting.md section 9.6): no prefix, no count, these one after another.
 *
 *    0 storeSize   4 magic = 0   8 bodyCrc = 0   12 flag   16 bodySize   20 body
 *    behind the body: propertiesSize (i16), properties
 */
export interface BatchEntry {
  readonly flag: number
  readonly body: Uint8Array
  /** Encoded as remoting.md section 11. */
  readonly properties: Uint8Array
}

const ENTRY_OVERHEAD = 22
const BODY_AT = 20

/** Bytes of one message in a batch body; `propertiesSize` is that of its encoded properties. */
export const batchEntrySize = (bodySize: number, propertiesSize: number): number =>
  ENTRY_OVERHEAD + bodySize + propertiesSize

/** The body of SEND_BATCH_MESSAGE. The caller has checked the limits of each message. */
export function encodeBatch(entries: readonly BatchEntry[]): Buffer {
  let size = 0
  for (const { body, properties } of entries) size += batchEntrySize(body.length, properties.length)
  const into = Buffer.alloc(size)
  let at = 0
  for (const { flag, body, properties } of entries) {
    assert(properties.length <= PROPERTIES_SIZE_MAX, 'properties must fit their i16 length')
    putI32(into, at, batchEntrySize(body.length, properties.length))
    putI32(into, at + 12, flag)
    putI32(into, at + 16, body.length)
    into.set(body, at + BODY_AT)
    at += BODY_AT + body.length
    putI16(into, at, properties.length)
    into.set(properties, at + 2)
    at += 2 + properties.length
  }
  return into
}

/**
 * The messages of a batch body, as views of it. Walks by the inner lengths and does not look at
 * storeSize, magic and CRC, as Apache's MessageExtEncoder does. An empty body is a batch of none. Never
 * throws.
 */
export function decodeBatch(bytes: Buffer): DecodeResult<BatchEntry[]> {
  const entries: BatchEntry[] = []
  let at = 0
  while (at < bytes.length) {
    if (bytes.length - at < ENTRY_OVERHEAD) return refused('a batch entry is cut off')
    const flag = getI32(bytes, at + 12)
    const bodySize = getI32(bytes, at + 16)
    const bodyAt = at + BODY_AT
    if (bodySize < 0 || bodySize > bytes.length - bodyAt - 2) return refused('a batch body length is wrong')
    const propertiesSize = getI16(bytes, bodyAt + bodySize)
    const propertiesAt = bodyAt + bodySize + 2
    if (propertiesSize < 0 || propertiesSize > bytes.length - propertiesAt) {
      return refused('a batch properties length is wrong')
    }
    const body = bytes.subarray(bodyAt, bodyAt + bodySize)
    const properties = bytes.subarray(propertiesAt, propertiesAt + propertiesSize)
    entries.push({ flag, body, properties })
    at = propertiesAt + propertiesSize
  }
  return { ok: true, value: entries, size: at }
}
