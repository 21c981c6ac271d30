import { describe, expect, test } from '@jest/globals'
import { LogTail } from './log-tail.js'
import { ReadBuffers } from './read-buffers.js'
import { ReadLoans } from './read-loans.js'

const MIB = 1024 * 1024

interface Bench {
  readonly tail: LogTail
  readonly buffers: ReadBuffers
  readonly loans: ReadLoans
  /** Places bytes of one value; returns their physical offset. */
  place(size: number, value: number): number
}

function bench(): Bench {
  const tail = new LogTail(2 ** 30)
  const buffers = new ReadBuffers()
  let end = 0
  const place = (size: number, value: number) => {
    const at = end
    const room = tail.reserve(at, size)
    room.bytes.fill(value, room.at, room.at + size)
    end += size
    tail.commit(size, end)
    tail.trim(end)
    return at
  }
  return { tail, buffers, loans: new ReadLoans(tail, buffers), place }
}

/** Whether a promise settles without anything else happening. */
async function settles(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => {
    settled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

describe('bytes lent out of the tail', () => {
  test('stay what they are while the tail moves on, until they are released', async () => {
    const { tail, loans, place } = bench()
    const at = place(MIB, 1)
    const loan = await loans.open({})
    const bytes = loan.tailBytes(at, MIB)
    loan.filled()
    for (let i = 0; i < 40; i++) place(MIB, 2)
    expect(tail.chunkAt(at)).toBeUndefined()
    expect(bytes?.every((byte) => byte === 1)).toBe(true)
    loan.release()
    // Released, its memory is the next chunk's.
    place(MIB, 3)
    place(MIB, 3)
    expect(bytes?.[0]).toBe(3)
  })

  test('are not written over when the log is cut behind them', async () => {
    const { tail, loans, place } = bench()
    const at = place(1_000, 1)
    const loan = await loans.open({})
    const bytes = loan.tailBytes(at, 1_000)
    tail.cut(500)
    const room = tail.reserve(500, 500)
    room.bytes.fill(9, room.at, room.at + 500)
    tail.commit(500, 1_000)
    expect(bytes?.every((byte) => byte === 1)).toBe(true)
  })

  test('are of two chunks at most for one holder, however many reads it has', async () => {
    const { loans, place } = bench()
    const offsets = [1, 2, 3].map((value) => place(MIB, value))
    const holder = {}
    const open = [await loans.open(holder), await loans.open(holder)]
    expect(open[0]?.tailBytes(offsets[0] as number, 10)).toBeDefined()
    expect(open[0]?.tailBytes(offsets[1] as number, 10)).toBeDefined()
    expect(open[1]?.tailBytes(offsets[2] as number, 10)).toBeUndefined()
    expect(open[1]?.tailBytes(offsets[1] as number, 10)).toBeDefined()
    expect((await loans.open({})).tailBytes(offsets[2] as number, 10)).toBeDefined()
    open[0]?.release()
    // Chunk 1 is still pinned by the other loan, chunk 0 is not.
    expect(open[1]?.tailBytes(offsets[2] as number, 10)).toBeDefined()
    expect(open[1]?.tailBytes(offsets[0] as number, 10)).toBeUndefined()
  })

  test('outlive the tail in 20 chunks at most, however many holders never release', async () => {
    const { loans, place } = bench()
    let pinned = 0
    for (let i = 0; i < 200; i++) {
      const at = place(MIB, i)
      if ((await loans.open({})).tailBytes(at, 10) !== undefined) pinned++
    }
    expect(pinned).toBeGreaterThan(0)
    expect(pinned).toBeLessThanOrEqual(20)
  })
})

describe('pooled buffers', () => {
  test('released twice are given back once', async () => {
    const { buffers, loans } = bench()
    const loan = await loans.open({})
    const first = loan.buffer(20_000)
    expect(buffers.lentSize).toBe(32_768)
    loan.release()
    loan.release()
    expect([buffers.lentSize, buffers.idleSize]).toEqual([0, 32_768])
    const [a, b] = [(await loans.open({})).buffer(20_000), (await loans.open({})).buffer(20_000)]
    expect(a.buffer).toBe(first.buffer)
    expect(b.buffer).not.toBe(first.buffer)
  })

  test('a holder that never releases waits for itself, and nobody waits for it', async () => {
    const { buffers, loans } = bench()
    const stuck = {}
    const held = []
    let opening = loans.open(stuck)
    for (; await settles(opening); opening = loans.open(stuck)) {
      const loan = await opening
      loan.buffer(256 * 1024)
      loan.filled()
      held.push(loan)
    }
    expect(buffers.lentSize).toBeLessThanOrEqual(MIB + 256 * 1024)
    const others = Array.from({ length: 200 }, () => ({}))
    for (const holder of others) {
      const loan = loans.open(holder)
      expect(await settles(loan)).toBe(true)
      ;(await loan).buffer(256 * 1024)
    }
    // Beyond 32 MiB in all each holder has its one batch and waits for it.
    expect(await settles(loans.open(others[0] as object))).toBe(false)
    expect(await settles(loans.open({}))).toBe(true)
    for (const loan of held) loan.release()
    expect(await settles(opening)).toBe(true)
  })

  test('reads of one holder that begin at once are counted before they have taken anything', async () => {
    const { loans } = bench()
    const holder = {}
    const opened = Array.from({ length: 100 }, () => loans.open(holder))
    let ready = 0
    for (const opening of opened) {
      void opening.then(() => {
        ready++
      })
    }
    await new Promise((resolve) => setImmediate(resolve))
    expect(ready).toBeLessThanOrEqual(5)
    // Each that ends lets others go on; in the end all had their turn.
    for (let done = 0; done < opened.length; done++) (await (opened[done] as (typeof opened)[0])).release()
    expect(ready).toBe(100)
  })

  test('that lie idle are bounded', () => {
    const buffers = new ReadBuffers()
    const taken = Array.from({ length: 100 }, () => buffers.take(MIB))
    for (const buffer of taken) buffers.give(buffer)
    expect([buffers.lentSize, buffers.idleSize]).toEqual([0, 8 * MIB])
  })

  test('without a holder nothing is lent', async () => {
    const { buffers, loans, place } = bench()
    const loan = await loans.open(undefined)
    expect(loan.buffer(100).length).toBe(100)
    expect(loan.tailBytes(place(100, 1), 100)).toBeUndefined()
    loan.release()
    expect([buffers.lentSize, buffers.idleSize]).toEqual([0, 0])
  })
})
