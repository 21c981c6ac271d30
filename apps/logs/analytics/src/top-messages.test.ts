import { expect, test } from '@jest/globals'
import { COUNTERS_MAX, mergeTops, NO_MESSAGES, templateOf, topOf } from './top-messages.js'

test('numbers and ids do not make a message another one', () => {
  expect(templateOf('order 3f2504e0-4f89-11d3-9a0c-0305e82c3301 took 12.5 ms')).toBe('order # took # ms')
})

test('frequent messages are found among thousands, with counts as good as they say', () => {
  const words = (n: number) =>
    `m${String.fromCharCode(97 + (n % 26), 97 + ((n / 26) % 26), 97 + ((n / 676) % 26))}`
  const rare = Array.from({ length: 5_000 }, (_, n) => words(n))
  const parts = Array.from({ length: 10 }, (_, part) => [
    ...rare.slice(part * 500, part * 500 + 500),
    ...Array.from({ length: 100 }, () => 'often'),
  ])
  const all = parts.map((part) => topOf(part)).reduce(mergeTops, NO_MESSAGES)
  expect(Object.keys(all.counts).length).toBeLessThanOrEqual(COUNTERS_MAX)
  expect(all.counts['often']).toBeGreaterThanOrEqual(1_000 - all.missed)
  expect(all.missed).toBeLessThanOrEqual(6_000 / (COUNTERS_MAX + 1))
})
