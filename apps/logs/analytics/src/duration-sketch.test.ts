import { expect, test } from '@jest/globals'
import { EMPTY_SKETCH, mergeSketches, quantileOf, RELATIVE_ERROR, sketchOf } from './duration-sketch.js'

const SEED = Number(process.env['ROCKHOPPER_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** mulberry32 */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test('a quantile is within one hundredth of the true one, however the parts were counted', () => {
  console.log(`ROCKHOPPER_SEED=${SEED}`)
  const next = random(SEED)
  // From microseconds to hours.
  const durations = Array.from({ length: 20_000 }, () => 10 ** (next() * 10 - 3))
  const parts = Array.from({ length: 7 }, (_, part) => durations.filter((__, at) => at % 7 === part))
  const merged = parts.map((part) => sketchOf(part)).reduce(mergeSketches, EMPTY_SKETCH)
  expect(merged).toEqual(sketchOf(durations))
  const sorted = [...durations].sort((a, b) => a - b)
  for (const quantile of [0, 0.01, 0.5, 0.95, 0.99, 1]) {
    const wanted = sorted[Math.floor(quantile * (sorted.length - 1))] as number
    const found = quantileOf(merged, quantile) as number
    expect(Math.abs(found - wanted) / wanted).toBeLessThanOrEqual(RELATIVE_ERROR + 1e-9)
  }
})

test('without durations there is no quantile, and no time at all is a duration', () => {
  expect(quantileOf(EMPTY_SKETCH, 0.5)).toBeUndefined()
  expect(quantileOf(sketchOf([0, 0, 5]), 0.5)).toBe(0)
})
