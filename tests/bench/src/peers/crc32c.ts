/** CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), bit by bit: only templates are made with it. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * 0x82f6_3b78)
  }
  return ~crc >>> 0
}
