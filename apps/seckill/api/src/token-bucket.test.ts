import { expect, test } from '@jest/globals'
import { Recent } from './recent.js'
import { TokenBucket } from './token-bucket.js'

test('a bucket lets a second’s worth through at once, and then says how long to wait', () => {
  const bucket = new TokenBucket(10, 0)
  expect(Array.from({ length: 10 }, () => bucket.take(0))).toEqual(Array(10).fill(0))
  expect(bucket.take(0)).toBe(100)
  expect(bucket.take(50)).toBe(50)
  expect(bucket.take(100)).toBe(0)
  expect(bucket.take(100)).toBe(100)
})

test('what was remembered first is forgotten first, unless it was remembered again', () => {
  const recent = new Recent<number>(2)
  recent.set('a', 1)
  recent.set('b', 2)
  recent.set('a', 3)
  recent.set('c', 4)
  expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual([3, undefined, 4])
})
