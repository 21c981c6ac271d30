import { bodyCrc, putI16, putI32, type RecordDraft, recordLayout } from '@rockhopper/message'
import type { BatchElement } from './message-store.js'
import { emptyScan, scanRecord } from './record-scan.js'

const NAME = Buffer.from('__CRC32#')
const NAME_END = 1
const PROPERTY_END = 2
const DIGITS = 10
const ZERO = 0x30
/** CommitLog.CRC32_RESERVED_LEN. */
export const PROPERTY_CRC_SIZE = NAME.length + 1 + DIGITS + 1
const NOTHING = new Uint8Array(0)
const SCAN = emptyScan()

/**
 * Apache's CRC of a record, kept in its last property (enabledAppendPropCRC, store-format.md section 3.3):
 *
 *     ... U+0002 | __CRC32# U+0001 ten digits, the least first U+0002 |   20 bytes, the record's last
 *
 * The draft with room for it; one that a client or an earlier put left in it goes.
 */
export function reserved(draft: RecordDraft): RecordDraft {
  const properties = withoutName(draft.properties)
  const tail = withoutName(draft.propertiesTail ?? NOTHING)
  const last = tail.at(-1) ?? properties.at(-1)
  return { ...draft, properties, propertiesTail: Buffer.concat([tail, room(last)]) }
}

/** The same for a message of a batch. */
export function reservedElement(element: BatchElement): BatchElement {
  const properties = withoutName(element.properties)
  return { ...element, properties: Buffer.concat([properties, room(properties.at(-1))]) }
}

/** Fills in the last property of an encoded record with room for it (MessageDecoder#createCrc32). */
export function sealRecord(bytes: Buffer, at: number, size: number): void {
  const from = at + size - PROPERTY_CRC_SIZE
  writeProperty(bytes, from, bodyCrc(bytes.subarray(at, from)))
}

export function writeProperty(into: Buffer, at: number, crc: number): void {
  NAME.copy(into, at)
  into[at + NAME.length] = NAME_END
  let rest = crc
  for (let i = 0; i < DIGITS; i++) {
    into[at + NAME.length + 1 + i] = ZERO + (rest % 10)
    rest = Math.floor(rest / 10)
  }
  into[at + PROPERTY_CRC_SIZE - 1] = PROPERTY_END
}

/**
 * 'mismatch' does not mean damage: an Apache broker without the key stores a retried message with the CRC of
 * the record it was read from.
 */
export function propertyCrc(record: Buffer): 'absent' | 'match' | 'mismatch' {
  const from = record.length - PROPERTY_CRC_SIZE
  if (from < 0 || !isAt(record, from)) return 'absent'
  const expected = Buffer.alloc(PROPERTY_CRC_SIZE)
  writeProperty(expected, 0, bodyCrc(record.subarray(0, from)))
  return expected.equals(record.subarray(from)) ? 'match' : 'mismatch'
}

/** The record as a client sees it: a copy without that property, or the record itself when it has none. */
export function withoutPropertyCrc(record: Buffer): Buffer {
  const from = record.length - PROPERTY_CRC_SIZE
  if (from < 0 || !isAt(record, from)) return record
  if (scanRecord(record, 0, record.length, SCAN) !== 'record' || SCAN.propertiesAt > from) return record
  const { propertiesAt, propertiesSize } = SCAN
  const shorter = Buffer.from(record.subarray(0, from))
  putI32(shorter, recordLayout.totalSize, from)
  putI16(shorter, propertiesAt - 2, propertiesSize - PROPERTY_CRC_SIZE)
  return shorter
}

function isAt(record: Buffer, from: number): boolean {
  if (record[from + NAME.length] !== NAME_END || record.at(-1) !== PROPERTY_END) return false
  return NAME.compare(record, from, from + NAME.length) === 0
}

function room(last: number | undefined): Buffer {
  const separated = last === undefined || last === PROPERTY_END
  const bytes = Buffer.alloc(PROPERTY_CRC_SIZE + (separated ? 0 : 1))
  if (!separated) bytes[0] = PROPERTY_END
  return bytes
}

function withoutName(properties: Uint8Array): Uint8Array {
  const text = Buffer.from(properties.buffer, properties.byteOffset, properties.length)
  for (let at = text.indexOf(NAME); at >= 0; at = text.indexOf(NAME, at + 1)) {
    const begins = at === 0 || text[at - 1] === PROPERTY_END
    if (!begins || text[at + NAME.length] !== NAME_END) continue
    const end = text.indexOf(PROPERTY_END, at)
    const rest = end < 0 ? text.subarray(text.length) : text.subarray(end + 1)
    return withoutName(Buffer.concat([text.subarray(0, at), rest]))
  }
  return properties
}
