import { expect, test } from '@jest/globals'
import { spread } from './statistics.js'

test('the median of an even count lies between the two in the middle', () => {
  expect(spread([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4 })
})

test('the median of an odd count is the one in the middle', () => {
  expect(spread([9, 1, 5])).toEqual({ min: 1, median: 5, max: 9 })
})

test('no values have no median', () => {
  expect(() => spread([])).toThrow(RangeError)
})
