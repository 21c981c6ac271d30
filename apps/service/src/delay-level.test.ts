import { expect, test } from '@jest/globals'
import { delayLevelOf } from './delay-level.js'

test.each([
  [1, 1],
  [1_000, 1],
  [1_001, 2],
  [120_000, 6],
  [7_200_000, 18],
  [86_400_000, 18],
])('%d ms wait on level %d', (ms, level) => {
  expect(delayLevelOf(ms)).toBe(level)
})
