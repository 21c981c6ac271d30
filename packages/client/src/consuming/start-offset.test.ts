import { describe, expect, test } from '@jest/globals'
import { MqError } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import { QUEUE } from '../message-view.fixture.js'
import type { ConsumeFromWhere } from '../push-consumer-options.js'
import { SILENT } from '../virtual-clock.fixture.js'
import { BrokerOffsetStore } from './broker-offset-store.js'
import { consumeTimestampOf, startOffset } from './start-offset.js'

const RETRY = { ...QUEUE, topic: '%RETRY%g' }
const BOUNDS = {
  minOffset: async () => 3,
  maxOffset: async () => 9,
  searchOffset: async (_: MessageQueue, at: number) => at,
}
const storeOf = (kept: number | undefined) =>
  new BrokerOffsetStore({ query: async () => kept, commit: async () => {} }, SILENT)

describe('start offset', () => {
  test.each<[number | undefined, MessageQueue, ConsumeFromWhere, number]>([
    [5, QUEUE, 'CONSUME_FROM_LAST_OFFSET', 5],
    [0, QUEUE, 'CONSUME_FROM_LAST_OFFSET', 0],
    [undefined, QUEUE, 'CONSUME_FROM_LAST_OFFSET', 9],
    [undefined, RETRY, 'CONSUME_FROM_LAST_OFFSET', 0],
    [undefined, QUEUE, 'CONSUME_FROM_FIRST_OFFSET', 3],
    [undefined, QUEUE, 'CONSUME_FROM_TIMESTAMP', 7],
    [undefined, RETRY, 'CONSUME_FROM_TIMESTAMP', 3],
  ])('kept %p of %p from %s begins at %p', async (kept, queue, where, expected) => {
    expect(await startOffset(queue, storeOf(kept), BOUNDS, { where, timestamp: 7 })).toBe(expected)
  })

  test('a computed position is remembered: a member that takes over computes none of its own', async () => {
    const commits: number[] = []
    const store = new BrokerOffsetStore(
      { query: async () => undefined, commit: async (_, offset) => void commits.push(offset) },
      SILENT,
    )
    await startOffset(QUEUE, store, BOUNDS, { where: 'CONSUME_FROM_LAST_OFFSET', timestamp: 7 })
    await store.persist([QUEUE])
    expect(commits).toEqual([9])
  })

  test('a position that was kept is not committed again', async () => {
    const commits: number[] = []
    const store = new BrokerOffsetStore(
      { query: async () => 5, commit: async (_, offset) => void commits.push(offset) },
      SILENT,
    )
    await startOffset(QUEUE, store, BOUNDS, { where: 'CONSUME_FROM_LAST_OFFSET', timestamp: 7 })
    await store.persist([QUEUE])
    expect(commits).toEqual([])
  })

  test('a broker that cannot tell is an error, not a guess', async () => {
    const store = new BrokerOffsetStore(
      { query: () => Promise.reject(new MqError('REQUEST_TIMEOUT', 'x')), commit: async () => {} },
      SILENT,
    )
    const from = { where: 'CONSUME_FROM_LAST_OFFSET', timestamp: 0 } as const
    await expect(startOffset(QUEUE, store, BOUNDS, from)).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
  })

  test('a consume timestamp is ms, local yyyyMMddHHmmss, or half an hour ago', () => {
    const host = { timezoneOffsetMinutes: () => -480 } as never
    expect(consumeTimestampOf(undefined, 10_000_000, host)).toBe(8_200_000)
    expect(consumeTimestampOf(42, 0, host)).toBe(42)
    // 2023-09-13 14:30:59 in UTC+8 is 06:30:59Z.
    expect(consumeTimestampOf('20230913143059', 0, host)).toBe(Date.UTC(2023, 8, 13, 6, 30, 59))
    expect(() => consumeTimestampOf('yesterday', 0, host)).toThrow('yyyyMMddHHmmss')
  })
})

describe('broker offset store', () => {
  test('an offset is committed once, and again after a failure', async () => {
    const commits: number[] = []
    let down = true
    const store = new BrokerOffsetStore(
      {
        query: async () => undefined,
        commit: async (_, offset) => {
          if (down) throw new MqError('CONNECT_FAILED', 'x')
          commits.push(offset)
        },
      },
      SILENT,
    )
    store.update(QUEUE, 4)
    await store.persist([QUEUE])
    down = false
    await store.persist([QUEUE])
    await store.persist([QUEUE])
    store.update(QUEUE, 3)
    await store.persist([QUEUE])
    expect(commits).toEqual([4])
    store.update(QUEUE, 2, true)
    await store.persist([QUEUE])
    expect(commits).toEqual([4, 2])
  })

  test('a queue is given up only when the broker has its offset, not an older one', async () => {
    let kept = 0
    const commits: number[] = []
    const store = new BrokerOffsetStore(
      {
        query: async () => kept,
        commit: async (_, offset) => {
          commits.push(offset)
          // The first commit is overtaken by the offset of a pull that was under way.
          kept = commits.length === 1 ? 1 : offset
        },
      },
      SILENT,
    )
    store.update(QUEUE, 5)
    await store.settle(QUEUE)
    expect(commits).toEqual([5, 5])
    await store.settle(QUEUE)
    expect(commits).toEqual([5, 5])
  })
})
