import { expect, test } from '@jest/globals'
import { delayLevelOf } from './verdict.js'

test.each([
  [undefined, 0],
  [0, 1],
  [1_000, 1],
  [1_001, 2],
  [30_000, 4],
  [7_200_000, 18],
  [86_400_000, 18],
])('a wish for %p ms is delay level %p: never sooner, and at most two hours', (delayMs, delayLevel) => {
  expect(delayLevelOf(delayMs)).toBe(delayLevel)
})
