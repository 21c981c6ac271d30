import { deflateSync, inflateSync } from 'node:zlib'
import { type Compute, createNodeEnv } from '@rockhopper/env'

/** `Env.compute` without a worker: a job runs at once and its result arrives when `later` says. */
export function createSimCompute(later: (job: () => void) => void): Compute {
  const scheduled = <T>(job: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      later(() => {
        try {
          resolve(job())
        } catch (error) {
          reject(error)
        }
      })
    })
  return {
    inflate: (bytes, sizeMax) => scheduled(() => inflate(bytes, sizeMax)),
    deflate: (bytes, level) => scheduled(() => deflateSync(bytes, { level })),
    crc32: createNodeEnv().compute.crc32,
  }
}

function inflate(bytes: Uint8Array, sizeMax: number): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: Math.max(1, sizeMax) })
  } catch (error) {
    const tooLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE'
    const code = tooLarge ? 'ERR_TOO_LARGE' : 'ERR_DATA'
    throw Object.assign(new Error(`inflate: ${String(error)}`, { cause: error }), { code })
  }
}
