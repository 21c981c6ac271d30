import { describe, expect, test } from '@jest/globals'
import { powerLostIn } from './power-run.js'
import { MODES } from './simulated-store.js'
import { Totals } from './totals.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const FIRST_SEED = Number(process.env['ROCKHOPPER_SEED'] ?? 1)
const SEEDS = Number(process.env['ROCKHOPPER_SEEDS'] ?? (LONG ? 100_000 : 1_000))

describe.each(MODES)('with %s', (mode) => {
  const promise = mode === 'SYNC_FLUSH' ? 'loses nothing acknowledged' : 'takes an end of the log at most'
  test(
    `a power loss at any moment ${promise}`,
    async () => {
      let acknowledged = 0
      let losses = 0
      const totals = new Totals(`power losses with ${mode}`)
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
        const outcome = await powerLostIn(mode, seed).catch((error) => {
          throw new Error(`ROCKHOPPER_SEED=${seed}`, { cause: error })
        })
        if (outcome.wrong.length > 0) throw new Error(`ROCKHOPPER_SEED=${seed}: ${outcome.wrong.join('; ')}`)
        acknowledged += outcome.acknowledged
        if (outcome.lost) losses++
        totals.step(() => text(seed + 1 - FIRST_SEED, acknowledged, losses))
      }
      totals.end(text(SEEDS, acknowledged, losses))
      // A store that refuses everything loses nothing, and a disk that keeps everything shows nothing.
      expect(acknowledged / SEEDS).toBeGreaterThan(5)
      if (mode === 'ASYNC_FLUSH' && SEEDS >= 100) expect(losses).toBeGreaterThan(SEEDS / 20)
    },
    LONG ? 24 * 3_600_000 : 180_000,
  )
})

function text(seeds: number, acknowledged: number, losses: number): string {
  return `${seeds} seeds from ${FIRST_SEED}, ${acknowledged} acknowledged, ${losses} lives lost a log's end`
}
