import { describe, expect, test } from '@jest/globals'
import { QUEUE, viewAt } from '../message-view.fixture.js'
import { type FlowLimits, type Held, ProcessQueue } from './process-queue.js'

const LIMITS: FlowLimits = { messagesMax: 1_000, bytesMax: 100 * 1024 * 1024, spanMax: 2_000 }
const pulled = (from: number, to: number, step = 1) => {
  const views = []
  for (let at = from; at < to; at += step) views.push({ message: viewAt(at) })
  return views
}

/** mulberry32: the seed of a failure is in the test's name. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('process queue', () => {
  test('the offset to commit is the first message not done, whatever finished behind it', () => {
    const queue = new ProcessQueue(QUEUE, 10, LIMITS)
    const [first, second, third] = queue.put(pulled(10, 13), 13) as [Held, Held, Held]
    expect(queue.finish([third])).toBe(10)
    expect(queue.finish([first])).toBe(11)
    expect(queue.finish([second])).toBe(13)
    expect(queue.count).toBe(0)
    expect(queue.bytes).toBe(0)
  })

  test('what a filter left out is passed once the messages before it are done', () => {
    const queue = new ProcessQueue(QUEUE, 0, LIMITS)
    const held = queue.put([{ message: viewAt(3) }], 8)
    expect(queue.nextOffset).toBe(8)
    expect(queue.commitOffset).toBe(3)
    expect(queue.finish(held)).toBe(8)
  })

  test('an answer that repeats messages adds them once', () => {
    const queue = new ProcessQueue(QUEUE, 0, LIMITS)
    queue.put(pulled(0, 3), 3)
    expect(queue.put(pulled(1, 5), 5).map((held) => held.message.queueOffset)).toEqual([3, 4])
    expect(queue.count).toBe(5)
  })

  test.each([
    ['too many messages', { messagesMax: 3 }, pulled(0, 3)],
    ['too many bytes', { bytesMax: 300 }, pulled(0, 3)],
    ['span too wide', { spanMax: 2_000 }, [{ message: viewAt(0) }, { message: viewAt(2_000) }]],
  ] as const)('%s pauses pulls until enough is done', async (state, limit, messages) => {
    const queue = new ProcessQueue(QUEUE, 0, { ...LIMITS, ...limit })
    const held = queue.put(messages, 3)
    expect(queue.flow()).toBe(state)
    let resumed = false
    const room = queue.room().then(() => {
      resumed = true
    })
    await Promise.resolve()
    expect(resumed).toBe(false)
    queue.finish(held.slice(0, 1))
    await room
    expect(queue.flow()).toBe('room')
  })

  test('leaving ends the wait for room', async () => {
    const queue = new ProcessQueue(QUEUE, 0, { ...LIMITS, messagesMax: 1 })
    queue.put(pulled(0, 1), 1)
    const room = queue.room()
    queue.leave()
    await room
    expect(queue.dropped).toBe(false)
  })

  test.each([1, 2, 3, 4, 5])(
    'the committed offset never passes an open message and never falls (seed %i)',
    (seed) => {
      const random = seeded(seed)
      const queue = new ProcessQueue(QUEUE, 0, LIMITS)
      const open: Held[] = []
      let next = 0
      let committed = 0
      for (let step = 0; step < 3_000; step++) {
        if (random() < 0.3) {
          const to = next + Math.floor(random() * 8)
          open.push(...queue.put(pulled(next, to, 1 + Math.floor(random() * 2)), to))
          next = to
        } else if (open.length > 0) {
          const [held] = open.splice(Math.floor(random() * open.length), 1) as [Held]
          const offset = queue.finish([held])
          expect(offset).toBeGreaterThanOrEqual(committed)
          const lowest = Math.min(next, ...open.map((other) => other.message.queueOffset))
          expect(offset).toBe(lowest)
          committed = offset
        }
        expect(queue.count).toBe(open.length)
      }
    },
  )
})
