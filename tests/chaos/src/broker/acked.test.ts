import { afterEach, describe, expect, test } from '@jest/globals'
import { withBug } from '../bugs.fixture.js'
import { BrokerRun } from './broker-run.fixture.js'

const KILLS = process.env['ROCKHOPPER_LONG'] === '1' ? 50 : 5

let run: BrokerRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 30_000)

describe('a broker that is killed again and again under load', () => {
  test.each(['ASYNC_FLUSH', 'SYNC_FLUSH'])(
    '%s: nothing it acknowledged is lost',
    async (flushDiskType) => {
      const broker = new BrokerRun([`flushDiskType=${flushDiskType}`])
      run = broker
      await broker.start()
      for (let kill = 0; kill < KILLS; kill++) await broker.loadAndKill()
      expect(await broker.lost()).toEqual([])
      expect(broker.killed).toBe(KILLS)
      // Each life served: a broker that refuses everything loses nothing, either.
      expect(Math.min(...broker.ackedPerLife)).toBeGreaterThan(50)
    },
    KILLS * 15_000,
  )

  test('one that answers before it writes is found out', async () => {
    const broker = new BrokerRun(['flushDiskType=ASYNC_FLUSH'], withBug('broker acks before it writes'))
    run = broker
    await broker.start()
    for (let kill = 0; kill < 2; kill++) await broker.loadAndKill()
    expect((await broker.lost()).length).toBeGreaterThan(0)
  }, 60_000)
})
