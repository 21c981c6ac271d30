import { describe, expect, test } from '@jest/globals'
import type { DiskOperation } from '@rockhopper/sim'
import { wrongAfterRestart } from './restart-check.js'
import { MODES, type Mode, SimulatedBroker } from './simulated-broker.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const SEED = Number(process.env['ROCKHOPPER_SEED'] ?? 20_262)
const SECTOR = 512
/** Operations that are tried one by one; all of them in the long run. */
const KILLS_MAX = LONG ? Number.POSITIVE_INFINITY : 300

/**
 * Every other write is cut in the middle. The kernel takes the bytes of one call page by page and looks for
 * signals between two of them; sectors are stricter.
 */
function firstSectors({ kind, length, position }: DiskOperation): number {
  if (kind !== 'write') return 0
  const cut = Math.floor((position + length / 2) / SECTOR) * SECTOR
  return Math.max(0, cut - position)
}

/** Lives until the n-th operation of the disk, then restarts on what is left. */
async function killedAt(mode: Mode, n: number): Promise<{ wrong: string[]; acknowledged: number }> {
  const first = new SimulatedBroker(mode, SEED)
  first.killWhen((operation) => {
    if (operation.n !== n) return undefined
    const taken = n % 2 === 0 ? firstSectors(operation) : 0
    return taken > 0 ? { taken, kill: true } : 'kill'
  })
  const told = await first.live(SEED)
  const next = new SimulatedBroker(mode, SEED + n, (world) => first.disk.afterKill(world.diskHost))
  next.world.clock.wall = first.world.clock.wall + 1_000
  await next.start()
  const wrong = await next.world.run(wrongAfterRestart({ broker: next.broker, told, client: next.client }))
  await next.world.run(next.broker.stop())
  return { wrong, acknowledged: told.ledger.acknowledged.size }
}

describe.each(MODES)('with %s', (mode) => {
  test('a whole life keeps what it acknowledged', async () => {
    const first = new SimulatedBroker(mode, SEED)
    const told = await first.live(SEED)
    expect(told.ledger.acknowledged.size).toBeGreaterThan(40)
    expect(first.disk.operations).toBeGreaterThan(300)
    const next = new SimulatedBroker(mode, SEED, (world) => first.disk.afterKill(world.diskHost))
    await next.start()
    const wrong = await next.world.run(wrongAfterRestart({ broker: next.broker, told, client: next.client }))
    expect(wrong).toEqual([])
  })

  test(
    'a kill at any file operation loses nothing acknowledged and leaves no phantom',
    async () => {
      const whole = new SimulatedBroker(mode, SEED)
      await whole.live(SEED)
      const count = Math.min(whole.disk.operations, KILLS_MAX)
      let most = 0
      for (let n = 1; n <= count; n++) {
        const { wrong, acknowledged } = await killedAt(mode, n)
        if (wrong.length > 0) throw new Error(`seed ${SEED}, killed at operation ${n}: ${wrong.join('; ')}`)
        most = Math.max(most, acknowledged)
      }
      expect(most).toBeGreaterThan(20)
    },
    LONG ? 3_600_000 : 180_000,
  )
})
