import { seeded, VirtualClock } from '@rockhopper/sim'
import { wrongAfterPowerLoss } from './power-check.js'
import { createLife, lived, type Mode } from './simulated-store.js'

/** A whole life has about so many operations: some lives end before the power goes. */
const OPERATIONS = 230

export interface Outcome {
  readonly wrong: readonly string[]
  readonly acknowledged: number
  readonly lost: boolean
}

/** A life until the power goes, and what the next finds; sometimes the power goes again in its recovery. */
export async function powerLostIn(mode: Mode, seed: number): Promise<Outcome> {
  const random = seeded(seed * 7_919)
  const at = 1 + Math.floor(random() * OPERATIONS)
  const first = createLife(mode, undefined, new VirtualClock({ random: seeded(seed) }))
  // In every sixth life the disk fails before that: what a failed sync gave up never becomes durable.
  const failingSync = random() < 1 / 6 ? 1 + Math.floor(random() * 12) : 0
  let syncs = 0
  const sent = await lived(first, seed, ({ n, kind, path }) => {
    if (n === at) return 'kill'
    const ofLog = kind === 'sync' && path.includes('/commitlog/')
    return ofLog && ++syncs === failingSync ? { code: 'EIO' } : undefined
  })
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
  return { wrong, acknowledged: sent.ledger.acknowledged.size, lost }
}
