import { expect, test } from '@jest/globals'
import { perSecond } from './per-second.js'

test.each([1, 5, 10, 101, 200, 100_000])('%d calls a second are exactly that many', (rate) => {
  const { count, perMs } = perSecond(rate)
  expect(Number.isInteger(count)).toBe(true)
  expect((count * 1_000) / perMs).toBe(rate)
})
