import * as zlib from 'node:zlib'
import type { Codec, Compute } from '../env.js'
import { codedError, syncCodec, ZSTD_COMPRESSION_LEVEL, type ZstdOptions, zstd } from './codecs.js'

const CRC_TABLE = makeCrcTable()

type Done = (error: Error | null, result: Buffer) => void
/** A call that runs on the pool. */
type Job = (done: Done) => void

export function createNodeCompute(): Compute {
  return {
    compress: async (codec, bytes, level) => {
      const job = compressJob(codec, bytes, level)
      return job === undefined ? syncCodec(codec).compress(bytes, level) : ended(job)
    },
    decompress: async (codec, bytes, sizeMax) => {
      const job = decompressJob(codec, bytes, Math.max(1, sizeMax))
      if (job === undefined) return syncCodec(codec).decompress(bytes, sizeMax)
      return ended(job).catch((error) => {
        throw codedError(error)
      })
    },
    // zlib.crc32 came with Node 20.15 and 22.2.
    crc32: typeof zlib.crc32 === 'function' ? (bytes) => zlib.crc32(bytes) : tableCrc32,
  }
}

function compressJob(codec: Codec, bytes: Uint8Array, level: number): Job | undefined {
  if (codec === 'ZLIB') return (done) => zlib.deflate(bytes, { level }, done)
  if (codec === 'LZ4') return undefined
  const options: ZstdOptions = { params: { [ZSTD_COMPRESSION_LEVEL]: level } }
  const { zstdCompress } = zstd()
  return (done) => zstdCompress(bytes, options, done)
}

/** LZ4 has none: its reader is so quick that the way to the pool would cost more. */
function decompressJob(codec: Codec, bytes: Uint8Array, maxOutputLength: number): Job | undefined {
  if (codec === 'ZLIB') return (done) => zlib.inflate(bytes, { maxOutputLength }, done)
  if (codec === 'LZ4') return undefined
  const { zstdDecompress } = zstd()
  return (done) => zstdDecompress(bytes, { maxOutputLength }, done)
}

const ended = (job: Job): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    job((error, result) => (error === null ? resolve(result) : reject(error)))
  })

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
