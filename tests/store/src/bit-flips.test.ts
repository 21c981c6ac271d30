import { expect, test } from '@jest/globals'
import type { Tally } from './bit-flips-run.js'
import { answerOf } from './program.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const FLIPS = Number(process.env['ROCKHOPPER_FLIPS'] ?? (LONG ? 100_000 : 10_000))
const SEED = Number(process.env['ROCKHOPPER_SEED'] ?? 20_263)

test(
  `${FLIPS} random flips (seed ${SEED}) never make the store deliver a message that was not sent so`,
  async () => {
    const tally = (await answerOf('bit-flips-main.js', [SEED, FLIPS])) as Tally
    expect(tally.delivered).toBeGreaterThan(FLIPS * 10)
    expect(tally.queried).toBeGreaterThan(FLIPS * 10)
    // Flips that change nothing would show nothing.
    expect(tally.missing + tally.refused).toBeGreaterThan(FLIPS / 100)
  },
  LONG ? 3_600_000 : 600_000,
)
