import { expect, test } from '@jest/globals'
import { LogReader } from './log-reader.js'
import { LogTail } from './log-tail.js'

const SEGMENT_SIZE = 1 << 20

/** A reader whose next reads go through the pool; `hold` says what happens when one opens its file. */
function coldReader(hold: (n: number) => unknown): LogReader {
  let now = 0
  let holds = 0
  const slowFile = {
    readSync: (_into: Buffer, _at: number, length: number) => {
      now += 10
      return length
    },
  }
  const segments = { segmentSize: SEGMENT_SIZE, readable: () => slowFile, hold: () => hold(++holds) }
  return new LogReader(segments as never, new LogTail(SEGMENT_SIZE), { monotonic: () => now } as never)
}

test('a pooled read that cannot open its file lets the next one go on', async () => {
  const finish: (() => void)[] = []
  const file = {
    read: (_into: Buffer, _at: number, length: number) =>
      new Promise<number>((resolve) => finish.push(() => resolve(length))),
  }
  const reader = coldReader((n) => {
    if (n === 3 || n === 4) throw new Error('EMFILE')
    return { file, release: () => undefined }
  })
  await reader.read(0, Buffer.alloc(10))
  const reads = Array.from({ length: 5 }, () => reader.read(0, Buffer.alloc(10)))
  const outcomes = Promise.allSettled(reads)
  for (let turns = 0; turns < 10; turns++) {
    for (const done of finish.splice(0)) done()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const settled = await Promise.race([outcomes, new Promise((resolve) => setImmediate(resolve, 'hangs'))])
  expect(settled).not.toBe('hangs')
  expect((await outcomes).map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ])
})

test('a range is read on the loop again when reads on the pool are quick', async () => {
  let now = 0
  let poolMs = 10
  const reads: string[] = []
  const file = {
    readSync: (_into: Buffer, _at: number, length: number) => {
      reads.push('loop')
      now += reads.length === 1 ? 10 : 0
      return length
    },
    read: (_into: Buffer, _at: number, length: number) => {
      reads.push('pool')
      now += poolMs
      return Promise.resolve(length)
    },
  }
  const segments = { segmentSize: SEGMENT_SIZE, readable: () => file, hold: () => ({ file, release() {} }) }
  const tail = new LogTail(SEGMENT_SIZE)
  const reader = new LogReader(segments as never, tail, { monotonic: () => now } as never)
  for (let i = 0; i < 8; i++) await reader.read(0, Buffer.alloc(10))
  poolMs = 0.1
  for (let i = 0; i < 6; i++) await reader.read(0, Buffer.alloc(10))
  const pool = (count: number) => new Array<string>(count).fill('pool')
  expect(reads).toEqual(['loop', ...pool(7), ...pool(4), 'loop', 'loop'])
})
