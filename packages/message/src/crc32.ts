import * as zlib from 'node:zlib'

// A call into zlib costs more than the table does below about this size (performance.md, item 6).
const NATIVE_FROM = 256

// zlib.crc32 came with Node 20.15 and 22.2: the namespace import lets older ones fall back.
const native: ((bytes: Uint8Array, seed?: number) => number) | undefined = zlib.crc32

const TABLES = makeTables()

/** CRC-32 (IEEE, as zlib) of bytes, unsigned 32 bit. */
export function crc32(bytes: Uint8Array): number {
  return crc32Range(bytes, 0, bytes.length)
}

/** The same of [from, to), going on from `seed`, the CRC of what stands before. */
export function crc32Range(bytes: Uint8Array, from: number, to: number, seed = 0): number {
  if (native === undefined || to - from < NATIVE_FROM) return crc32ByTable(bytes, from, to, seed)
  return native(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), seed)
}

/** What a record stores for its body: the low 31 bits (Apache: UtilAll.crc32). */
export const bodyCrc = (body: Uint8Array): number => crc32(body) & 0x7fffffff

/** Slicing by 8: eight bytes per step through eight tables. */
export function crc32ByTable(bytes: Uint8Array, from = 0, to = bytes.length, seed = 0): number {
  const tables = TABLES
  let crc = ~seed
  let i = from
  for (const end = to - 7; i < end; i += 8) {
    crc ^= at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24)
    crc =
      at(tables, 0x700 | (crc & 0xff)) ^
      at(tables, 0x600 | ((crc >>> 8) & 0xff)) ^
      at(tables, 0x500 | ((crc >>> 16) & 0xff)) ^
      at(tables, 0x400 | (crc >>> 24)) ^
      at(tables, 0x300 | at(bytes, i + 4)) ^
      at(tables, 0x200 | at(bytes, i + 5)) ^
      at(tables, 0x100 | at(bytes, i + 6)) ^
      at(tables, at(bytes, i + 7))
  }
  for (; i < to; i++) crc = at(tables, (crc ^ at(bytes, i)) & 0xff) ^ (crc >>> 8)
  return ~crc >>> 0
}

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xedb88320
    tables[byte] = crc
  }
  for (let i = 256; i < tables.length; i++) {
    const before = at(tables, i - 256)
    tables[i] = at(tables, before & 0xff) ^ (before >>> 8)
  }
  return tables
}

function at(array: Uint8Array | Int32Array, index: number): number {
  return array[index] as number
}
