import { getI32, getI64, putI32, putI64 } from '@rockhopper/message'

/**
 * One entry of a consume queue (store-format.md section 6):
 *
 *     | physicalOffset i64 | size i32 | tagsCode i64 |   20 bytes
 */
export const UNIT_SIZE = 20
const SIZE_AT = 8
const TAGS_CODE_AT = 12

/** Stands where entries before the first one of a queue, or of a hole, would be. */
const FILLER_SIZE = 0x7fffffff

export function writeUnit(
  into: Buffer,
  at: number,
  physicalOffset: number,
  size: number,
  tagsCode: number,
): void {
  putI64(into, at, physicalOffset)
  putI32(into, at + SIZE_AT, size)
  putI64(into, at + TAGS_CODE_AT, tagsCode)
}

export function writeFiller(into: Buffer, at: number): void {
  writeUnit(into, at, 0, FILLER_SIZE, 0)
}

export const unitPhysicalOffset = (bytes: Buffer, at: number): number => getI64(bytes, at)
export const unitSize = (bytes: Buffer, at: number): number => getI32(bytes, at + SIZE_AT)
export const unitTagsCode = (bytes: Buffer, at: number): number => getI64(bytes, at + TAGS_CODE_AT)

/** Fillers count as valid: only space never written ends a queue. */
export function isUnit(bytes: Buffer, at: number): boolean {
  return unitSize(bytes, at) > 0 && unitPhysicalOffset(bytes, at) >= 0
}

export function isFiller(bytes: Buffer, at: number): boolean {
  return unitSize(bytes, at) === FILLER_SIZE && unitPhysicalOffset(bytes, at) === 0
}
