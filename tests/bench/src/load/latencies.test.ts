import { expect, test } from '@jest/globals'
import { Latencies } from './latencies.js'

test('percentiles are within 4 % of those of the sorted values', () => {
  const latencies = new Latencies()
  const values = Array.from({ length: 5_000 }, (_, i) => Math.round(1.002 ** (i * 1.4)))
  for (const value of values) latencies.add(value)
  values.sort((a, b) => a - b)
  for (const share of [0.01, 0.5, 0.99, 0.999, 1]) {
    const exact = values[Math.ceil(values.length * share) - 1] as number
    expect(latencies.percentile(share)).toBeGreaterThanOrEqual(exact)
    expect(latencies.percentile(share)).toBeLessThanOrEqual(exact * 1.04)
  }
  latencies.clear()
  expect(latencies.percentile(0.5)).toBe(0)
})
