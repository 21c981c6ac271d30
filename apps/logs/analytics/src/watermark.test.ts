import { expect, test } from '@jest/globals'
import { isTooLate, type WindowTimes, watermarkOf } from './watermark.js'

const times: WindowTimes = {
  windowMs: 10_000,
  slidingMs: 60_000,
  disorderMs: 5_000,
  latenessMs: 20_000,
  idleMs: 30_000,
  keptMs: 3_600_000,
}
const now = { at: 1_000_000, startedAt: 0 }

test('the slowest queue that is not idle decides', () => {
  const queues = [
    { latestAt: 900_000, countedAt: 999_000 },
    { latestAt: 800_000, countedAt: 999_000 },
    { latestAt: 100_000, countedAt: 960_000 },
  ]
  expect(watermarkOf(queues, now, times)).toBe(795_000)
})

test('right after a start no queue counts as idle', () => {
  const queues = [
    { latestAt: 900_000, countedAt: 999_000 },
    { latestAt: 100_000, countedAt: 900_000 },
  ]
  expect(watermarkOf(queues, { at: 1_000_000, startedAt: 990_000 }, times)).toBe(95_000)
})

test('when all are idle everything that came is closed', () => {
  expect(watermarkOf([{ latestAt: 100_000, countedAt: 1 }], now, times)).toBe(110_000)
})

test('an event is too late when its window, the lateness and the disorder are over in its own queue', () => {
  // Window 0 to 10,000; closes at 15,000 by the latest event, takes corrections until 35,000.
  expect(isTooLate(9_999, 34_999, times)).toBe(false)
  expect(isTooLate(9_999, 35_000, times)).toBe(true)
  expect(isTooLate(10_000, 35_000, times)).toBe(false)
})
