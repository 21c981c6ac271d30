import { describe, expect, test } from '@jest/globals'
import type { Losses } from './power-run.js'
import { answerOf } from './program.fixture.js'
import { MODES } from './simulated-store.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const FIRST_SEED = Number(process.env['ROCKHOPPER_SEED'] ?? 1)
const SEEDS = Number(process.env['ROCKHOPPER_SEEDS'] ?? (LONG ? 100_000 : 1_000))

describe.each(MODES)('with %s', (mode) => {
  const promise = mode === 'SYNC_FLUSH' ? 'loses nothing acknowledged' : 'takes an end of the log at most'
  test(
    `a power loss at any moment ${promise}`,
    async () => {
      const { wrong, acknowledged, ends } = (await answerOf('power-main.js', [
        mode,
        FIRST_SEED,
        SEEDS,
      ])) as Losses
      expect(wrong).toBe('')
      // A store that refuses everything loses nothing, and a disk that keeps everything shows nothing.
      expect(acknowledged / SEEDS).toBeGreaterThan(5)
      if (mode === 'ASYNC_FLUSH' && SEEDS >= 100) expect(ends).toBeGreaterThan(SEEDS / 20)
    },
    LONG ? 24 * 3_600_000 : 180_000,
  )
})
