import { crc32Range } from '@rockhopper/message'
import type { ScannedRecord } from './record-scan.js'

/**
 * CRC-32 of all of a record that Apache's CRC does not cover: what stands before the body, that CRC included,
 * and what stands behind it. The two together cover every byte, and no body is read twice for a message.
 */
export function outerCrc(
  bytes: Buffer,
  { bodyAt, bodySize, propertiesAt, propertiesSize, size }: ScannedRecord,
): number {
  const end = propertiesAt + propertiesSize
  return crc32Range(bytes, bodyAt + bodySize, end, crc32Range(bytes, end - size, bodyAt))
}
