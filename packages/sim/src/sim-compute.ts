import { type Compute, createNodeEnv, syncCodec } from '@rockhopper/env'

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
    compress: (codec, bytes, level) => scheduled(() => syncCodec(codec).compress(bytes, level)),
    decompress: (codec, bytes, sizeMax) => scheduled(() => syncCodec(codec).decompress(bytes, sizeMax)),
    crc32: createNodeEnv().compute.crc32,
  }
}
