import { expect, test } from '@jest/globals'
import type { Clock } from '@rockhopper/env'
import { RateLimit } from './rate-limit.js'

/** A clock whose timers only remember their delay. */
function clockAt(start: number): { clock: Clock; delays: number[]; at: (now: number) => void } {
  let now = start
  const delays: number[] = []
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    endOfTurn: (run) => run(),
    after: (delayMs, run) => {
      delays.push(delayMs)
      run()
      return () => undefined
    },
  }
  return { clock, delays, at: (later) => void (now = later) }
}

test('so many calls begin in any window, the others wait for their turn in order', async () => {
  const { clock, delays, at } = clockAt(1_000)
  const limit = new RateLimit(clock, { count: 2, perMs: 100 })
  await Promise.all([limit.turn(), limit.turn(), limit.turn(), limit.turn(), limit.turn()])
  // Two at once, two one window later, one two windows later.
  expect(delays).toEqual([100, 100, 200])
  at(1_250)
  await limit.turn()
  expect(delays).toEqual([100, 100, 200])
  await limit.turn()
  expect(delays).toEqual([100, 100, 200, 50])
})
