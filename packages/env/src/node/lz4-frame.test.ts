import { describe, expect, test } from '@jest/globals'
import { syncCodec } from './codecs.js'
import { FrameError, readLz4Frames } from './lz4-frame.js'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Made by lz4-java's LZ4FrameOutputStream, as Apache's producer uses it (remoting.md section 39). */
const JAVA_FRAME = hex('04224d186070730f0000006e68656c6c6f2006005068656c6c6f00000000')

describe('LZ4 frames', () => {
  test('a frame that the Java client wrote is read', () => {
    expect(readLz4Frames(JAVA_FRAME, 29).toString()).toBe('hello hello hello hello hello')
  })

  test('a frame cut at any byte is refused, never read as something else', () => {
    for (let end = 0; end < JAVA_FRAME.length; end++) {
      expect(() => readLz4Frames(JAVA_FRAME.subarray(0, end), 100)).toThrow(FrameError)
    }
  })

  test('one byte more than the limit is refused before memory grows', () => {
    expect(() => readLz4Frames(JAVA_FRAME, 28)).toThrow('more than 28 bytes')
    // A block of 255-bytes that asks for about 250 MB.
    const bomb = Buffer.concat([
      hex('04224d18 607073'),
      hex('08000f00 1f 41 0100'),
      Buffer.alloc(983_045, 0xff),
    ])
    const before = process.memoryUsage().arrayBuffers
    expect(() => readLz4Frames(bomb, 1_000_000)).toThrow(FrameError)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000)
  })

  test('what another writer wrote is read: incompressible, repeated, empty and large bodies', () => {
    const { compress, decompress } = syncCodec('LZ4')
    const seed = Number(process.env.ROCKHOPPER_SEED ?? Date.now() % 1_000_000)
    console.info(`seed ${seed}`)
    let state = seed
    const random = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return state / 0x80000000
    }
    for (let round = 0; round < 60; round++) {
      const bytes = Buffer.alloc(Math.floor(random() ** 4 * 100_000))
      const alphabet = 1 + Math.floor(random() * 255)
      for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * alphabet)
      expect(decompress(compress(bytes, 0), bytes.length).equals(bytes)).toBe(true)
    }
  })

  test('random bytes are refused with a code, never with another error', () => {
    let state = 7
    for (let round = 0; round < 5_000; round++) {
      const bytes = Buffer.concat([hex('04224d18 607073'), Buffer.alloc(40)])
      for (let i = 7; i < bytes.length; i++) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
        bytes[i] = i % 4 === 2 && i < 12 ? 0 : (state >>> 16) & 0xff
      }
      try {
        readLz4Frames(bytes, 10_000)
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError)
      }
    }
  })
})
