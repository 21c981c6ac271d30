import { createRequire } from 'node:module'
import * as zlib from 'node:zlib'
import type { Codec } from '../env.js'
import { FrameError, readLz4Frames } from './lz4-frame.js'

/** Both directions of one codec, on the calling thread. Errors have a code, as those of `Compute`. */
export interface SyncCodec {
  compress(bytes: Uint8Array, level: number): Buffer
  decompress(bytes: Uint8Array, sizeMax: number): Buffer
}

export type ZstdOptions = { readonly params?: Record<number, number>; readonly maxOutputLength?: number }

type Done = (error: Error | null, result: Buffer) => void

/** What newer versions of node:zlib have besides. */
interface Zstd {
  zstdCompress(bytes: Uint8Array, options: ZstdOptions, done: Done): void
  zstdDecompress(bytes: Uint8Array, options: ZstdOptions, done: Done): void
  zstdCompressSync(bytes: Uint8Array, options: ZstdOptions): Buffer
  zstdDecompressSync(bytes: Uint8Array, options: ZstdOptions): Buffer
}

interface Lz4 {
  compressFrameSync(bytes: Buffer): Buffer
}

/** `zlib.constants.ZSTD_c_compressionLevel`, which the types of older versions lack. */
export const ZSTD_COMPRESSION_LEVEL = 100

/** Throws an error with code ERR_UNSUPPORTED and what to do about it when this process lacks the codec. */
export function syncCodec(codec: Codec): SyncCodec {
  switch (codec) {
    case 'ZLIB':
      return {
        compress: (bytes, level) => zlib.deflateSync(bytes, { level }),
        decompress: limited((bytes, maxOutputLength) => zlib.inflateSync(bytes, { maxOutputLength })),
      }
    case 'ZSTD': {
      const { zstdCompressSync, zstdDecompressSync } = zstd()
      return {
        compress: (bytes, level) => zstdCompressSync(bytes, { params: { [ZSTD_COMPRESSION_LEVEL]: level } }),
        decompress: limited((bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength })),
      }
    }
    case 'LZ4':
      return {
        compress: (bytes) => requireLz4().compressFrameSync(asBuffer(bytes)),
        decompress: limited((bytes, sizeMax) => readLz4Frames(asBuffer(bytes), sizeMax)),
      }
  }
}

/** zstd of this process. Throws ERR_UNSUPPORTED. */
export function zstd(): Zstd {
  const found: Partial<Zstd> = zlib as unknown as Partial<Zstd>
  if (found.zstdCompress !== undefined) return found as Zstd
  throw unsupported(`zstd is not in Node ${process.versions.node}; it came with 22.15 and 23.8`)
}

function requireLz4(): Lz4 {
  try {
    return createRequire(import.meta.url)('lz4-napi') as Lz4
  } catch (cause) {
    throw unsupported("compressing with LZ4 needs the package 'lz4-napi'; add it to your application", cause)
  }
}

const unsupported = (what: string, cause?: unknown): Error =>
  Object.assign(new Error(what, { cause }), { code: 'ERR_UNSUPPORTED' })

function limited(
  read: (bytes: Uint8Array, sizeMax: number) => Buffer,
): (bytes: Uint8Array, sizeMax: number) => Buffer {
  return (bytes, sizeMax) => {
    try {
      return read(bytes, Math.max(1, sizeMax))
    } catch (error) {
      throw codedError(error as Error & { code?: string })
    }
  }
}

/** The error of a broken or too large stream, with a code of `Compute`. */
export function codedError(error: Error & { code?: string }): Error {
  if (error instanceof FrameError) return error
  const code = error.code === 'ERR_BUFFER_TOO_LARGE' ? 'ERR_TOO_LARGE' : 'ERR_DATA'
  return Object.assign(new Error(`decompressing: ${error.message}`, { cause: error }), { code })
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
