import { describe, expect, test } from '@jest/globals'
import { LogBlocks } from './log-blocks.js'
import type { ReadOutcome } from './log-reader.js'

const BLOCK = 256 * 1024
const SEGMENT = 4 * BLOCK + 1_000

type Outcome = ReadOutcome | Promise<ReadOutcome>

/** Blocks over a log that counts its reads; each byte tells where it is from. */
function blocksOver(outcome: (physicalOffset: number) => Outcome = () => 'file') {
  const reads: [number, number][] = []
  const reader = {
    read(physicalOffset: number, into: Buffer): Outcome {
      reads.push([physicalOffset, into.length])
      into.fill(Math.floor(physicalOffset / BLOCK) + 1)
      return outcome(physicalOffset)
    },
  }
  return { blocks: new LogBlocks(reader as never, SEGMENT), reads }
}

describe('blocks of the log in memory', () => {
  test('are read once, whole, and hold what lies in them', () => {
    const { blocks, reads } = blocksOver()
    expect(blocks.holding(BLOCK + 5, 10)).toBeUndefined()
    expect(blocks.load(BLOCK + 5, SEGMENT)).toBeUndefined()
    expect(blocks.holding(BLOCK + 5, 10)).toMatchObject({ start: BLOCK, size: BLOCK })
    expect(blocks.holding(BLOCK + 5, 10)?.bytes[0]).toBe(2)
    expect(blocks.holding(2 * BLOCK - 5, 5)).toBeDefined()
    expect(blocks.holding(2 * BLOCK - 5, 6)).toBeUndefined()
    expect(reads).toEqual([[BLOCK, BLOCK]])
  })

  test('end where a file ends, and where the log may be seen', async () => {
    const { blocks, reads } = blocksOver()
    await blocks.load(4 * BLOCK + 7, 10 * SEGMENT)
    await blocks.load(SEGMENT + 7, SEGMENT + 100)
    expect(reads).toEqual([
      [4 * BLOCK, 1_000],
      [SEGMENT, 100],
    ])
    expect(blocks.holding(SEGMENT + 50, 51)).toBeUndefined()
    await blocks.load(SEGMENT + 50, SEGMENT + 101)
    expect(blocks.holding(SEGMENT + 50, 51)).toBeDefined()
  })

  test('are sixteen at most: the one that was read first goes', async () => {
    const { blocks } = blocksOver()
    const starts = Array.from({ length: 17 }, (_, i) => Math.floor(i / 4) * SEGMENT + (i % 4) * BLOCK)
    for (const start of starts) await blocks.load(start, 10 * SEGMENT)
    expect(starts.filter((start) => blocks.holding(start, 1) === undefined)).toEqual([0])
    for (const start of starts.slice(1)) {
      expect(blocks.holding(start, 1)?.bytes[0]).toBe(Math.floor(start / BLOCK) + 1)
    }
  })

  test('that a thread reads are asked for once, and not kept when the log was cut meanwhile', async () => {
    const { blocks, reads } = blocksOver(() => Promise.resolve('file'))
    const loading = blocks.load(0, SEGMENT)
    expect(blocks.load(9, SEGMENT)).toBe(loading)
    await loading
    expect(blocks.holding(0, 1)).toBeDefined()
    expect(reads.length).toBe(1)
    const late = blocks.load(BLOCK, SEGMENT)
    blocks.clear()
    await late
    expect([blocks.holding(0, 1), blocks.holding(BLOCK, 1)]).toEqual([undefined, undefined])
  })

  test('that cannot be read are not there, and the next call tries again', async () => {
    const failure = Object.assign(new Error('read'), { code: 'EIO' })
    const { blocks, reads } = blocksOver((at) => {
      if (at === 0) throw failure
      return at === BLOCK ? Promise.reject(failure) : 'missing'
    })
    for (const at of [0, BLOCK, 2 * BLOCK, 0, BLOCK]) {
      await blocks.load(at, SEGMENT)
      expect(blocks.holding(at, 1)).toBeUndefined()
    }
    expect(reads.length).toBe(5)
  })
})
