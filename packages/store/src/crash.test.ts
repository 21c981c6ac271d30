import { describe, expect, test } from '@jest/globals'
import { type SimDisk, seeded, VirtualClock } from '@rockhopper/sim'
import { check, checkGoesOn, config, MODES, reopened, scenario } from './short-life.fixture.js'
import { life } from './store-bench.fixture.js'

/**
 * A sample: the store row of `npm test` (tests/store) kills a whole broker at every operation and takes the
 * power from a store a thousand times in each mode.
 */
const KILL_STEP = 4
const POWER_SEEDS = 30
const RECOVERY_SEEDS = 12

describe.each(MODES)('with %s', (mode) => {
  test('a kill at a disk operation loses nothing acknowledged and leaves no phantom', async () => {
    const seed = 20_261
    const { last } = await scenario(mode, seed, () => {})
    const count = last.disk.operations
    expect(count).toBeGreaterThan(60)
    for (let n = mode === 'SYNC_FLUSH' ? 1 : 3; n <= count; n += KILL_STEP) {
      const outcome = await scenario(mode, seed, (disk) => {
        disk.fault = (operation) => (operation.n === n ? 'kill' : undefined)
      })
      try {
        const found = await reopened(outcome, mode, (clock) => outcome.last.disk.afterKill(clock))
        await check(found, outcome, false)
        await checkGoesOn(found, mode)
      } catch (error) {
        throw new Error(`seed ${seed}, killed at operation ${n} of ${count}`, { cause: error })
      }
    }
  })

  test('a power loss at any moment loses nothing that was synced and leaves no phantom', async () => {
    for (let seed = 1; seed <= POWER_SEEDS; seed++) {
      const random = seeded(seed * 7_919)
      const at = 10 + Math.floor(random() * 110)
      const outcome = await scenario(mode, seed, (disk) => {
        disk.fault = (operation) => (operation.n === at ? 'kill' : undefined)
      })
      try {
        const found = await reopened(outcome, mode, (clock) =>
          outcome.last.disk.afterPowerLoss(clock, random),
        )
        await check(found, outcome, mode === 'ASYNC_FLUSH')
        await checkGoesOn(found, mode)
      } catch (error) {
        throw new Error(`seed ${seed}, power lost at operation ${at}`, { cause: error })
      }
    }
  })

  test('a kill or a power loss in the middle of recovery is recovered from', async () => {
    for (let seed = 1; seed <= RECOVERY_SEEDS; seed++) {
      const random = seeded(seed * 104_729)
      const at = 40 + Math.floor(random() * 60)
      const outcome = await scenario(mode, seed, (disk) => {
        disk.fault = (operation) => (operation.n === at ? 'kill' : undefined)
      })
      try {
        let disk = outcome.last.disk
        for (let attempt = 0; attempt < 3; attempt++) {
          const clock = new VirtualClock()
          clock.wall = outcome.last.clock.wall + attempt * 1_000
          disk =
            mode === 'SYNC_FLUSH' && random() < 0.5
              ? disk.afterPowerLoss(clock, random)
              : disk.afterKill(clock)
          const stopAt = 1 + Math.floor(random() * 12)
          disk.fault = (operation) => (operation.n === stopAt ? 'kill' : undefined)
          const { store } = life(config(mode), disk, clock)
          const killed = store.start().catch(() => {})
          await clock.settle()
          void killed
          disk.kill()
        }
        const found = await reopened(outcome, mode, (clock) => disk.afterKill(clock))
        await check(found, outcome, false)
        await checkGoesOn(found, mode)
      } catch (error) {
        throw new Error(`seed ${seed}, killed at operation ${at}, then in recovery`, { cause: error })
      }
    }
  })
})

test('an acknowledgement before the sync is caught by the power loss check', async () => {
  let caught = 0
  for (let seed = 1; seed <= 30; seed++) {
    const random = seeded(seed * 7_919)
    const at = 10 + Math.floor(random() * 110)
    const kill = (disk: SimDisk) => {
      disk.fault = (operation) => (operation.n === at ? 'kill' : undefined)
    }
    const outcome = await scenario('SYNC_FLUSH', seed, kill, true)
    const found = await reopened(outcome, 'SYNC_FLUSH', (clock) =>
      outcome.last.disk.afterPowerLoss(clock, random),
    )
    await check(found, outcome, false).catch(() => caught++)
  }
  expect(caught).toBeGreaterThan(0)
})
