import { describe, expect, test } from '@jest/globals'
import type { DiskOperation } from '@rockhopper/sim'
import type { Told } from './broker-workload.js'
import { wrongAfterRestart } from './restart-check.js'
import {
  keptOf,
  RESERVED_MS,
  type RetentionBy,
  type Setting,
  SimulatedBroker,
} from './simulated-broker.fixture.js'
import { MODES } from './simulated-store.js'
import { Totals } from './totals.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const SEED = Number(process.env['ROCKHOPPER_SEED'] ?? 20_262)
const SECTOR = 512
/** Operations that are tried one by one; all of them in the long run. */
const KILLS_MAX = LONG ? Number.POSITIVE_INFINITY : 300
/** With retention; the first of them just before it begins. */
const RETENTION_KILLS_MAX = LONG ? Number.POSITIVE_INFINITY : 60

/**
 * Every other write is cut in the middle. The kernel takes the bytes of one call page by page and looks for
 * signals between two of them; sectors are stricter.
 */
function firstSectors({ kind, length, position }: DiskOperation): number {
  if (kind !== 'write') return 0
  const cut = Math.floor((position + length / 2) / SECTOR) * SECTOR
  return Math.max(0, cut - position)
}

/** What is wrong with what the next broker finds. */
async function wrongAfter(
  first: SimulatedBroker,
  told: Told,
  setting: Setting,
  seed: number,
): Promise<string[]> {
  const next = new SimulatedBroker(setting, seed, (world) => first.disk.afterKill(world.diskHost))
  next.world.clock.wall = first.world.clock.wall + 1_000
  await next.start()
  const { broker, client } = next
  const kept = keptOf(setting)
  const wrong = await next.world.run(
    wrongAfterRestart({ broker, told, client, ...(kept === undefined ? {} : { kept }) }),
  )
  await next.world.run(broker.stop())
  return wrong
}

/** Lives until the n-th operation of the disk, then restarts on what is left. */
async function killedAt(setting: Setting, n: number): Promise<{ wrong: string[]; acknowledged: number }> {
  const first = new SimulatedBroker(setting, SEED)
  first.killWhen((operation) => {
    if (operation.n !== n) return undefined
    const taken = n % 2 === 0 ? firstSectors(operation) : 0
    return taken > 0 ? { taken, kill: true } : 'kill'
  })
  const told = await first.live(SEED)
  return {
    wrong: await wrongAfter(first, told, setting, SEED + n),
    acknowledged: told.ledger.acknowledged.size,
  }
}

const RETENTIONS: readonly (RetentionBy | undefined)[] = [undefined, 'size', 'age', 'disk']
const SETTINGS = RETENTIONS.flatMap((retention) =>
  MODES.map((mode): [name: string, setting: Setting] => [
    retention === undefined ? mode : `${mode} and retention by ${retention}`,
    { mode, retention },
  ]),
)

describe.each(SETTINGS)('with %s', (name, setting) => {
  test(
    'a kill at any file operation loses nothing acknowledged and leaves no phantom',
    async () => {
      const whole = new SimulatedBroker(setting, SEED)
      const removals: number[] = []
      let youngestMs = Number.POSITIVE_INFINITY
      whole.killWhen(({ n, kind, path }) => {
        if (kind !== 'remove' || !path.includes('/commitlog/')) return undefined
        removals.push(n)
        youngestMs = Math.min(youngestMs, whole.ageOf(path))
        return undefined
      })
      const told = await whole.live(SEED)
      expect(told.ledger.acknowledged.size).toBeGreaterThan(60)
      expect(await wrongAfter(whole, told, setting, SEED)).toEqual([])
      expect(removals.length > 0).toBe(setting.retention !== undefined)
      if (setting.retention === 'age') expect(youngestMs).toBeGreaterThanOrEqual(RESERVED_MS)
      // Without retention from the first operation on; with it around the removals, which come late.
      const { operations } = whole.disk
      expect(operations).toBeGreaterThan(300)
      const retains = setting.retention !== undefined
      const first = retains && !LONG ? Math.max(1, (removals[0] ?? 0) - 20) : 1
      const last = Math.min(operations, first - 1 + (retains ? RETENTION_KILLS_MAX : KILLS_MAX))
      const totals = new Totals(`kills with ${name}`)
      const text = (n: number) =>
        `operations ${first} to ${n} of ${operations}, ${removals.length} files removed`
      let most = 0
      for (let n = first; n <= last; n++) {
        const { wrong, acknowledged } = await killedAt(setting, n)
        if (wrong.length > 0) throw new Error(`seed ${SEED}, killed at operation ${n}: ${wrong.join('; ')}`)
        most = Math.max(most, acknowledged)
        totals.step(() => text(n))
      }
      totals.end(text(last))
      expect(most).toBeGreaterThan(20)
    },
    LONG ? 3_600_000 : 180_000,
  )
})

test('two runs of a seed are the same run of broker and client, and another seed is another', async () => {
  const runs: string[] = []
  for (const seed of [1, 1, 2]) {
    const one = new SimulatedBroker({ mode: 'SYNC_FLUSH', retention: undefined }, seed)
    await one.live(seed)
    expect(one.world.trace.count).toBeGreaterThan(300)
    runs.push(`${one.world.trace.count} ${one.world.trace.digest}`)
  }
  expect(runs[0]).toBe(runs[1])
  expect(runs[0]).not.toBe(runs[2])
})
