import { describe, expect, test } from '@jest/globals'
import { encodeFrame } from './frame.js'
import { FrameReader } from './frame-reader.js'
import { SerializeType } from './remoting-command.js'
import { seededRandom } from './seeded-random.fixture.js'

const frameOf = (bodySize: number) =>
  encodeFrame({
    code: 10,
    flag: 0,
    opaque: 1,
    version: 0,
    language: 'JAVA',
    serializeType: SerializeType.JSON,
    body: Buffer.alloc(bodySize, 7),
  })

const collect = () => {
  const frames: Buffer[] = []
  const reader = new FrameReader((bytes, start, end) => frames.push(Buffer.from(bytes.subarray(start, end))))
  return { frames, reader }
}

/** Length and header words, then as many bytes as given. */
const words = (total: number, header: number, rest = 0) => {
  const bytes = Buffer.alloc(8 + rest)
  bytes.writeInt32BE(total, 0)
  bytes.writeInt32BE(header, 4)
  return bytes
}

describe('FrameReader', () => {
  test('takes a frame of 128 KiB in chunks of one byte, in linear time', () => {
    const { frames, reader } = collect()
    const frame = frameOf(128 * 1024)
    for (let i = 0; i < frame.length; i++) reader.push(frame.subarray(i, i + 1))
    expect(frames.length).toBe(1)
    expect(frames[0]?.equals(frame)).toBe(true)
    expect(reader.partialSize).toBe(0)
  })

  test('finds the same frames however the stream is cut', () => {
    const random = seededRandom()
    const sent = Array.from({ length: 300 }, () =>
      frameOf(random.below(20) === 0 ? random.below(9_000) : random.below(40)),
    )
    const stream = Buffer.concat(sent)
    for (let round = 0; round < 30; round++) {
      const { frames, reader } = collect()
      for (let at = 0; at < stream.length; ) {
        const end = Math.min(stream.length, at + 1 + random.below(round < 10 ? 16 : 5_000))
        // A chunk is the caller's again when push returns.
        const chunk = Buffer.from(stream.subarray(at, end))
        if (reader.push(chunk) !== undefined) throw new Error('a good stream was refused')
        chunk.fill(0xee)
        at = end
      }
      expect(Buffer.concat(frames).equals(stream)).toBe(true)
      expect(frames.length).toBe(sent.length)
    }
  })

  test('takes a million tiny frames in one chunk without recursion', () => {
    let count = 0
    const reader = new FrameReader(() => count++)
    const chunk = Buffer.alloc(8 * 1_000_000)
    for (let at = 0; at < chunk.length; at += 8) chunk.writeInt32BE(4, at)
    expect(reader.push(chunk)).toBeUndefined()
    expect(count).toBe(1_000_000)
  })

  test.each([
    ['0', words(0, 0), 'frame-too-short'],
    ['-1', words(-1, 0), 'frame-too-short'],
    ['2^31-1', words(0x7fff_ffff, 0), 'frame-too-large'],
    ['one byte over the limit', words(16_777_213, 0), 'frame-too-large'],
    ['a header longer than the frame', words(100, 97), 'header-too-long'],
    ['a negative header word', words(100, -1), 'serializer-unknown'],
    ['an unknown serializer', words(100, 2 << 24), 'serializer-unknown'],
  ])('refuses length %s before anything is allocated', (_, bytes, fault) => {
    const before = process.memoryUsage().arrayBuffers
    for (const chunkSize of [1, 3, 8]) {
      const { frames, reader } = collect()
      let found: string | undefined
      for (let at = 0; at < bytes.length && found === undefined; at += chunkSize) {
        found = reader.push(bytes.subarray(at, at + chunkSize))
      }
      expect(found).toBe(fault)
      expect(frames).toEqual([])
      // Once broken it stays broken.
      expect(reader.push(frameOf(1))).toBe(fault)
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024)
  })

  test('holds what came of a frame, not what was announced', () => {
    const before = process.memoryUsage().arrayBuffers
    const readers = Array.from({ length: 100 }, () => {
      const { reader } = collect()
      reader.push(words(16_000_000, 10, 100))
      return reader
    })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * 1024 * 1024)
    expect(readers.every((reader) => reader.partialSize === 108)).toBe(true)
  })

  test('the largest frame allowed is taken', () => {
    const { frames, reader } = collect()
    const frame = words(16_777_212, 0, 16_777_208)
    for (let at = 0; at < frame.length; at += 65_536) {
      expect(reader.push(frame.subarray(at, at + 65_536))).toBeUndefined()
    }
    expect(frames.map(({ length }) => length)).toEqual([16_777_216])
  })

  test('hands out nothing more after stop, also not from the chunk it is in', () => {
    let count = 0
    const reader = new FrameReader(() => {
      count++
      reader.stop()
    })
    reader.push(Buffer.concat([frameOf(1), frameOf(1)]))
    reader.push(frameOf(1))
    expect(count).toBe(1)
  })
})
