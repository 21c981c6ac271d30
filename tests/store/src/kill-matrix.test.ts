import { describe, expect, test } from '@jest/globals'
import { wrongAfterRestart } from './restart-check.js'
import { MODES, type Mode, SimulatedBroker } from './simulated-broker.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const SEED = Number(process.env['ROCKHOPPER_SEED'] ?? 20_262)
/** Operations that are tried one by one; all of them in the long run. */
const KILLS_MAX = LONG ? Number.POSITIVE_INFINITY : 300

/** Lives until the n-th operation of the disk, then restarts on what is left. */
async function killedAt(mode: Mode, n: number): Promise<{ wrong: string[]; acknowledged: number }> {
  const first = new SimulatedBroker(mode, SEED)
  // Every other write is cut in the middle: a signal may come between two pages of one call.
  first.killWhen((operation) => {
    if (operation.n !== n) return undefined
    return operation.kind === 'write' && n % 2 === 0 ? { taken: operation.length >> 1, kill: true } : 'kill'
  })
  const told = await first.live(SEED)
  const next = new SimulatedBroker(mode, SEED + n, (world) => first.disk.afterKill(world.diskHost))
  next.world.clock.wall = first.world.clock.wall + 1_000
  await next.start()
  const wrong = await next.world.run(wrongAfterRestart({ broker: next.broker, told, client: next.client }))
  await next.world.run(next.broker.stop())
  return { wrong, acknowledged: told.ledger.acknowledgedCount }
}

describe.each(MODES)('with %s', (mode) => {
  test('a whole life keeps what it acknowledged', async () => {
    const first = new SimulatedBroker(mode, SEED)
    const told = await first.live(SEED)
    expect(told.ledger.acknowledgedCount).toBeGreaterThan(40)
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
