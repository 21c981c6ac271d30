import * as zlib from 'node:zlib'
import type { Compute } from '../env.js'

const CRC_TABLE = makeCrcTable()

export function createNodeCompute(): Compute {
  return {
    inflate: (bytes, sizeMax) =>
      new Promise((resolve, reject) => {
        zlib.inflate(bytes, { maxOutputLength: Math.max(1, sizeMax) }, (error, result) => {
          if (error === null) resolve(result)
          else reject(codedError(error))
        })
      }),
    deflate: (bytes, level) =>
      new Promise((resolve, reject) => {
        zlib.deflate(bytes, { level }, (error, result) => (error === null ? resolve(result) : reject(error)))
      }),
    // zlib.crc32 came with Node 20.15 and 22.2.
    crc32: typeof zlib.crc32 === 'function' ? (bytes) => zlib.crc32(bytes) : tableCrc32,
  }
}

function codedError(error: Error & { code?: string }): Error {
  const code = error.code === 'ERR_BUFFER_TOO_LARGE' ? 'ERR_TOO_LARGE' : 'ERR_DATA'
  return Object.assign(new Error(`inflate: ${error.message}`, { cause: error }), { code })
}

function makeCrcTable(): Uint32Array {
  const table = new Uint32Array(256)
  for (let n = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1
    table[n] = crc >>> 0
  }
  return table
}

export function tableCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (let i = 0; i < bytes.length; i++) {
    crc = (CRC_TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8)
  }
  return (crc ^ 0xffffffff) >>> 0
}
