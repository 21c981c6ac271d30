import { describe, expect, test } from '@jest/globals'
import { seeded } from '@rockhopper/sim'
import type { GetMessageResult } from './message-store.js'
import { draft, type Life, restarted, started, stopped } from './store-bench.fixture.js'

const FILES = { mappedFileSizeCommitLog: 1 << 20, mappedFileSizeConsumeQueue: 20_000 }
const QUEUES = 5

async function filled(count: number, seed: number): Promise<Life> {
  const life = await started(FILES)
  const random = seeded(seed)
  for (let i = 0; i < count; i++) {
    const text = `${i} ${'x'.repeat(Math.floor(random() * 3_000))}`
    life.store.place(draft({ queueId: Math.floor(random() * QUEUES), text, tag: `t${i % 3}` }))
    if (i % 50 === 0) await life.clock.settle()
  }
  await life.clock.settle()
  return life
}

type Ask = Parameters<Life['store']['getMessage']>[0]

function ask(random: () => number, life: Life): Ask {
  const queueId = Math.floor(random() * QUEUES)
  const filter = random()
  return {
    topic: 'T',
    queueId,
    queueOffset: Math.floor(random() * life.store.maxOffset('T', queueId)),
    countMax: 1 + Math.floor(random() * 40),
    ...(random() < 0.3 ? { sizeMax: Math.floor(random() * 60_000) } : {}),
    ...(filter < 0.3 ? { matchesEntry: (tagsCode: number) => tagsCode % 2 === 0 } : {}),
    ...(filter > 0.7
      ? { matchesProperties: (bytes: Buffer, from: number) => (bytes[from + 5] ?? 0) % 3 > 0 }
      : {}),
  }
}

const shown = ({ records, spans, release, ...rest }: GetMessageResult) => ({
  ...rest,
  release: typeof release,
  bytes: Buffer.concat(records).toString('hex'),
  count: records.length,
  spans: Buffer.concat(spans).equals(Buffer.concat(records)),
})

async function expectLentLikeOwned(life: Life, seed: number): Promise<void> {
  const random = seeded(seed)
  const kept: { result: GetMessageResult; shown: ReturnType<typeof shown> }[] = []
  const holders = [{}, {}, {}]
  for (let round = 0; round < 150; round++) {
    const query = ask(random, life)
    const owned = shown(await life.clock.until(life.store.getMessage(query)))
    const holder = holders[round % 3] as object
    // A holder is slow: it keeps some results for a while, and what it keeps must not change.
    while (kept.length > 3) {
      const { result, shown: before } = kept.shift() as (typeof kept)[0]
      expect(shown(result)).toEqual(before)
      result.release()
    }
    const result = await life.clock.until(life.store.getMessage({ ...query, holder }))
    expect(shown(result)).toEqual(owned)
    expect(result.spans.length).toBeLessThanOrEqual(result.records.length)
    kept.push({ result, shown: owned })
  }
  for (const { result } of kept) result.release()
}

describe('what is lent equals what is owned', () => {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9))
  test(`out of the tail and out of the files, seed ${seed}`, async () => {
    const first = await filled(1_500, seed)
    await expectLentLikeOwned(first, seed)
    await stopped(first)
    const second = await restarted(first, FILES)
    await expectLentLikeOwned(second, seed + 1)
    await stopped(second)
  })
})

test('records of one queue that lie side by side are one span', async () => {
  const life = await started(FILES)
  for (let i = 0; i < 10; i++) life.store.place(draft({ text: `message ${i}` }))
  await life.clock.settle()
  const query = { topic: 'T', queueId: 0, queueOffset: 0, countMax: 10, holder: {} }
  const hot = await life.clock.until(life.store.getMessage(query))
  expect([hot.records.length, hot.spans.length]).toEqual([10, 1])
  hot.release()
  await stopped(life)
  const again = await restarted(life, FILES)
  const warm = await again.clock.until(again.store.getMessage(query))
  expect([warm.records.length, warm.spans.length]).toEqual([10, 1])
  expect(Buffer.concat(warm.spans).equals(Buffer.concat(hot.spans))).toBe(true)
  await stopped(again)
})
