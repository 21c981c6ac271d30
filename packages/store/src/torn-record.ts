import type { ScannedRecord } from './record-scan.js'

/** The smallest piece a disk writes as a whole. */
const SECTOR = 512

/**
 * True when a sector's share of a record's topic or properties is all zeros: the record was in flight when
 * the power went, and this sector never arrived on space that was zero before. The CRC of the body does not
 * cover these parts, the rest of the head would not add up without its bytes, and no client writes so.
 * `at` is where the record begins in `bytes`.
 */
export function isTorn(bytes: Buffer, at: number, record: ScannedRecord): boolean {
  for (const [from, size] of [
    [record.topicAt, record.topicSize],
    [record.propertiesAt, record.propertiesSize],
  ] as const) {
    for (let piece = from; piece < from + size; ) {
      // A file begins at a multiple of the sector, so the offset in the log tells.
      const inSector = (record.physicalOffset + piece - at) % SECTOR
      const pieceEnd = Math.min(from + size, piece + SECTOR - inSector)
      if (isZero(bytes, piece, pieceEnd)) return true
      piece = pieceEnd
    }
  }
  return false
}

function isZero(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false
  return to > from
}
