import { describe, expect, test } from '@jest/globals'
import { seeded, VirtualClock } from '@rockhopper/sim'
import { wrongAfterPowerLoss } from './power-check.js'
import { createLife, lived, MODES, type Mode } from './simulated-store.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const FIRST_SEED = Number(process.env['ROCKHOPPER_SEED'] ?? 1)
const SEEDS = Number(process.env['ROCKHOPPER_SEEDS'] ?? (LONG ? 100_000 : 1_000))
/** A whole life has about so many operations: some lives end before the power goes. */
const OPERATIONS = 230

interface Outcome {
  readonly wrong: readonly string[]
  readonly acknowledged: number
  readonly lost: boolean
}

/** A life until the power goes, and what the next finds; sometimes the power goes again in its recovery. */
async function powerLostIn(mode: Mode, seed: number): Promise<Outcome> {
  const random = seeded(seed * 7_919)
  const at = 1 + Math.floor(random() * OPERATIONS)
  const first = createLife(mode, undefined, new VirtualClock({ random: seeded(seed) }))
  const sent = await lived(first, seed, ({ n }) => (n === at ? 'kill' : undefined))
  first.disk.kill()
  let { disk } = first
  for (let losses = 1; random() < 0.2 && losses < 4; losses++) {
    const between = createLife(mode, (clock) => disk.afterPowerLoss(clock, random))
    between.clock.wall = first.clock.wall + losses * 1_000
    const again = 1 + Math.floor(random() * 20)
    between.disk.fault = ({ n }) => (n === again ? 'kill' : undefined)
    between.store.start().catch(() => undefined)
    await between.clock.settle()
    between.disk.kill()
    disk = between.disk
  }
  const last = createLife(mode, (clock) => disk.afterPowerLoss(clock, random))
  last.clock.wall = first.clock.wall + 5_000
  await last.clock.until(last.store.start())
  const suffixMayBeLost = mode === 'ASYNC_FLUSH'
  const wrong = await last.clock.until(wrongAfterPowerLoss({ ...sent, store: last.store, suffixMayBeLost }))
  const end = last.store.maxPhysicalOffset
  await last.clock.until(last.store.stop())
  const lost = [...sent.physicalOffsets.values()].some((offset) => offset >= end)
  return { wrong, acknowledged: sent.ledger.acknowledgedCount, lost }
}

describe.each(MODES)('with %s', (mode) => {
  const promise = mode === 'SYNC_FLUSH' ? 'loses nothing acknowledged' : 'takes an end of the log at most'
  test(
    `a power loss at any moment ${promise}`,
    async () => {
      let acknowledged = 0
      let losses = 0
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
        const outcome = await powerLostIn(mode, seed).catch((error) => {
          throw new Error(`ROCKHOPPER_SEED=${seed}`, { cause: error })
        })
        if (outcome.wrong.length > 0) throw new Error(`ROCKHOPPER_SEED=${seed}: ${outcome.wrong.join('; ')}`)
        acknowledged += outcome.acknowledged
        if (outcome.lost) losses++
      }
      // A store that refuses everything loses nothing, and a disk that keeps everything shows nothing.
      expect(acknowledged / SEEDS).toBeGreaterThan(5)
      if (mode === 'ASYNC_FLUSH' && SEEDS >= 100) expect(losses).toBeGreaterThan(SEEDS / 20)
    },
    LONG ? 24 * 3_600_000 : 180_000,
  )
})
