import { expect, test } from '@jest/globals'
import { seeded } from '@rockhopper/sim'
import { draft, drained, type Life, ROOT, restarted, started, stopped } from './store-bench.fixture.js'

const SEED = 20_267

/** Store times with runs of equal ones, over many files of queue and log. */
async function filled(count: number, random: () => number): Promise<{ at: Life; times: number[] }> {
  const at = await started()
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    if (random() < 0.4) at.clock.wall += Math.floor(random() * 5)
    await at.clock.until(at.store.put(draft({ text: `${i}` })))
    times.push(at.clock.wall)
  }
  return { at, times }
}

/** ConsumeQueue#getOffsetInQueueByTime, said in one line each; offsets below `min` do not exist any more. */
function expected(times: readonly number[], min: number, timestamp: number) {
  const after = times.findIndex((time, i) => i >= min && time >= timestamp)
  return {
    LOWER: after < 0 ? times.length : after,
    UPPER: Math.max(
      min,
      times.findLastIndex((time, i) => i >= min && time <= timestamp),
    ),
  }
}

async function compare(at: Life, times: readonly number[]): Promise<void> {
  const min = at.store.minOffset('T', 0)
  const [first = 0] = times
  for (let timestamp = first - 2; timestamp <= (times.at(-1) ?? 0) + 2; timestamp++) {
    const wanted = expected(times, min, timestamp)
    for (const boundary of ['LOWER', 'UPPER'] as const) {
      const offset = await at.clock.until(at.store.offsetByTimestamp('T', 0, timestamp, boundary))
      if (offset !== wanted[boundary])
        throw new Error(
          `seed ${SEED}, ${boundary} of ${timestamp - first}: ${offset}, not ${wanted[boundary]}`,
        )
    }
  }
}

test('offsets by time are those of the first and last message of it, over files and restarts', async () => {
  const { at, times } = await filled(95, seeded(SEED))
  await compare(at, times)
  await stopped(at)
  const next = await restarted(at)
  await compare(next, times)
  await stopped(next)
})

test('offsets by time never point before what retention left', async () => {
  const { at, times } = await filled(95, seeded(SEED + 1))
  await stopped(at)
  const next = await started({ commitLogSizeMax: 4_096 }, at.disk.afterKill(at.clock), at.clock)
  await next.clock.pass(70_000)
  expect(next.store.minOffset('T', 0)).toBeGreaterThan(10)
  await compare(next, times)
  await stopped(next)
})

test('a damaged record in the middle leads no search astray', async () => {
  const { at, times } = await filled(30, seeded(SEED + 2))
  const [, ...records] = await drained(at, 'T', 0)
  await stopped(at)
  const disk = at.disk.afterKill(at.clock)
  const damaged = [14, 15, 16].map((i) => records[i - 1]?.physicalOffset ?? 0)
  for (const physicalOffset of damaged)
    disk.bytes(`${ROOT}/commitlog/${'0'.repeat(20)}`).fill(0xff, physicalOffset + 4, physicalOffset + 90)
  disk.removeTree(`${ROOT}/consumequeue`)
  const next = await started({}, disk, at.clock)
  expect((await drained(next, 'T', 0)).length).toBe(27)
  // The gap counts as stored with the message before it.
  const known = times.map((time, i) => (i >= 14 && i <= 16 ? (times[13] as number) : time))
  await compare(next, known)
  await stopped(next)
})

test('a queue that is empty, or was never there, has its end at any time', async () => {
  const at = await started()
  await at.clock.until(at.store.put(draft()))
  for (const boundary of ['LOWER', 'UPPER'] as const)
    expect(await at.clock.until(at.store.offsetByTimestamp('None', 0, 5, boundary))).toBe(0)
  expect(await at.clock.until(at.store.earliestMessageTime('None', 0))).toBe(-1)
  await stopped(at)
})
