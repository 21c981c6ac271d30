import { expect, test } from '@jest/globals'
import type { Random } from '@rockhopper/env'
import { connectPauseMs } from './backoff.js'
import { steadyRandom } from './peers.fixture.js'

const CLIENTS = 1_000

/** Numbers of a seed: mulberry32. */
function seeded(seed: number): Random {
  let state = seed
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { float, int: (below) => Math.floor(float() * below) }
}

/**
 * When each client is back, ms after the server. All lost it at once, and each asks every second, half to one
 * and a half of it, as pull loops do; a connect is tried when it asks and its pause is over.
 */
function comebacks(outageMs: number, random: Random): number[] {
  return Array.from({ length: CLIENTS }, () => {
    let now = 0
    for (let failures = 0, pausedUntil = 0; ; ) {
      now += 1_000 * (0.5 + random.float())
      if (now < pausedUntil) continue
      if (now >= outageMs) return now - outageMs
      pausedUntil = now + connectPauseMs(++failures, random)
    }
  })
}

const spreadOf = (times: readonly number[]): number => Math.max(...times) - Math.min(...times)

// R27
test('a thousand clients of a server that was away for a while come back over five seconds or more', () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  process.stderr.write(`backoff: seed ${seed}\n`)
  const back = comebacks(30_000, seeded(seed))
  expect(spreadOf(back)).toBeGreaterThanOrEqual(5_000)
  const inSecond = (second: number) => back.filter((at) => Math.floor(at / 1_000) === second).length
  for (let second = 0; second < 10; second++) expect(inSecond(second)).toBeLessThan(CLIENTS / 3)
  // Away for a moment only: over the second of their own questions.
  expect(spreadOf(comebacks(300, seeded(seed)))).toBeGreaterThanOrEqual(900)
  // Without chance in it they would come as one.
  expect(spreadOf(comebacks(30_000, steadyRandom))).toBe(0)
})
