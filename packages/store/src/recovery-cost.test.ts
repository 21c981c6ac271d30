import { expect, test } from '@jest/globals'
import { VirtualClock } from '@rockhopper/sim'
import { draft, drained, type Life, life, started, stopped } from './store-bench.fixture.js'

const FILES = 2_000
const LARGE = { mappedFileSizeConsumeQueue: 2_000_000, maxIndexNum: 20_000, checkpointInterval: 1_000 }

/** A store of many files of the log, its checkpoint just behind the last of them. */
async function large(): Promise<Life> {
  const at = await started(LARGE)
  const text = 'x'.repeat(3_900)
  for (let i = 0; i < FILES; i++) {
    at.clock.wall += 10_000
    await at.clock.until(at.store.put(draft({ text })))
  }
  await at.clock.pass(15_000)
  return at
}

test('the cost of a start follows what is new, not the size of the store', async () => {
  const whole = await large()
  whole.disk.kill()
  const clock = new VirtualClock()
  clock.wall = whole.clock.wall + 1_000
  const next = life(LARGE, whole.disk.afterKill(clock), clock)
  let size = 0
  next.disk.onRead = (path, length) => {
    if (path.includes('commitlog')) size += length
  }
  await clock.until(next.store.start())
  expect(next.store.maxPhysicalOffset).toBe(whole.store.maxPhysicalOffset)
  // The files behind the checkpoint's margin of 3 s, read once for their first record and once in the walk.
  expect(size).toBeLessThan(20 * 4_096)
  await stopped(next)
})

test('store times never fall in the log while the clock jumps by an hour and by a minute', async () => {
  const at = await started()
  for (const jump of [0, -3_600_000, 60_000, -60_000, 3_600_000, -7_200_000]) {
    at.clock.wall += jump
    await at.clock.until(at.store.put(draft({ text: String(jump) })))
  }
  const times = (await drained(at, 'T', 0)).map(({ storeTimestamp }) => storeTimestamp)
  expect(times).toEqual([...times].sort((a, b) => a - b))
  expect(times.length).toBe(6)
})
