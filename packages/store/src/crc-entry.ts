import { getI32, putI32 } from '@rockhopper/message'

/**
 * One entry of a file in `rockhopper/crc`:
 *
 *     | position in the log file u32 | outer CRC of the record u32 | check of both u32 |   12 bytes
 *
 * The check tells a damaged entry from a damaged record: without it, a flipped bit here would hide a good
 * message.
 */
export const ENTRY_SIZE = 12

export interface CrcEntry {
  /** First offset of the file of the log. */
  readonly start: number
  /** Byte in that file. */
  readonly position: number
  readonly crc: number
}

/** Entries in log order. */
export interface CrcEntries {
  readonly bytes: Buffer
  readonly start: number
  readonly count: number
}

export function putEntry(into: Buffer, at: number, { start, position, crc }: CrcEntry): void {
  putI32(into, at, position)
  putI32(into, at + 4, crc)
  putI32(into, at + 8, checkOf(start, position, crc))
}

/** Undefined when it is damaged, or behind the last. */
export function entryAt({ bytes, start, count }: CrcEntries, index: number): CrcEntry | undefined {
  if (index < 0 || index >= count) return undefined
  const at = index * ENTRY_SIZE
  const position = getI32(bytes, at) >>> 0
  const crc = getI32(bytes, at + 4) >>> 0
  return getI32(bytes, at + 8) === checkOf(start, position, crc) ? { start, position, crc } : undefined
}

/** Position that an entry names, damaged or not. */
export function positionAt({ bytes }: CrcEntries, index: number): number {
  return getI32(bytes, index * ENTRY_SIZE) >>> 0
}

/** Index of the first entry that is not before a position; a damaged one counts as behind it. */
export function firstAtOrBehind(entries: CrcEntries, position: number): number {
  let low = 0
  let high = entries.count
  while (low < high) {
    const middle = (low + high) >>> 1
    const entry = entryAt(entries, middle)
    if (entry !== undefined && entry.position < position) low = middle + 1
    else high = middle
  }
  return low
}

/** Odd factors: a change of any one bit of any part changes the result. */
function checkOf(start: number, position: number, crc: number): number {
  const file = Math.imul(start / 256, 0x27d4eb2f)
  const mixed = Math.imul(position ^ 0x1b873593, 0x85ebca6b) ^ Math.imul(crc ^ file, 0xc2b2ae35)
  return mixed ^ (mixed >>> 15)
}
