import { seeded, VirtualClock } from '@rockhopper/sim'
import { wrongAfterPowerLoss } from './power-check.js'
import { createLife, lived, type Mode } from './simulated-store.js'
import { Totals } from './totals.js'

/** A whole life has about so many operations: some lives end before the power goes. */
const OPERATIONS = 230

interface Outcome {
  readonly wrong: readonly string[]
  readonly acknowledged: number
  readonly lost: boolean
}

/** What so many seeds found. */
export interface Losses {
  /** What went wrong in the first life that did, which is the last that was run; else ''. */
  readonly wrong: string
  readonly acknowledged: number
  /** Lives that lost an end of the log. */
  readonly ends: number
}

/** Power losses with each of `seeds` seeds from `first` on, until something is wrong. */
export async function powerLosses(mode: Mode, first: number, seeds: number): Promise<Losses> {
  let acknowledged = 0
  let ends = 0
  const totals = new Totals(`power losses with ${mode}`)
  const text = (done: number) =>
    `${done} seeds from ${first}, ${acknowledged} acknowledged, ${ends} lives lost a log's end`
  for (let seed = first; seed < first + seeds; seed++) {
    const threw = (error: unknown) => ({ wrong: [`threw: ${error}`], acknowledged: 0, lost: false })
    const outcome = await powerLostIn(mode, seed).catch(threw)
    if (outcome.wrong.length > 0)
      return { wrong: `${mode} seed ${seed}: ${outcome.wrong.join('; ')}`, acknowledged, ends }
    acknowledged += outcome.acknowledged
    if (outcome.lost) ends++
    totals.step(() => text(seed + 1 - first))
  }
  totals.end(text(seeds))
  return { wrong: '', acknowledged, ends }
}

/** A life until the power goes, and what the next finds; sometimes the power goes again in its recovery. */
async function powerLostIn(mode: Mode, seed: number): Promise<Outcome> {
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
