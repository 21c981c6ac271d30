import { afterEach, describe, expect, test } from '@jest/globals'
import { dieAt, NOTED_BEFORE_STORED, STEP_NAMES } from './steps.fixture.js'
import { TransactionRun } from './transaction-run.fixture.js'

const ROUNDS = process.env['ROCKHOPPER_LONG'] === '1' ? 20 : 1
const PRODUCER_STEPS = [
  'while the half message is on its way',
  'before the local commit',
  'after the local commit',
  'after the end',
]

let run: TransactionRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 30_000)

describe('transactional messages, while producers and brokers are killed at every step', () => {
  test(
    'a message is visible if and only if its transaction committed',
    async () => {
      run = new TransactionRun()
      await run.start()
      for (let round = 0; round < ROUNDS; round++) {
        for (const step of STEP_NAMES) await run.brokerDies(dieAt(step))
        await run.brokerLives()
        await Promise.all(PRODUCER_STEPS.map((step) => run?.producerDies(step)))
      }
      const { committed, missing, forbidden } = await run.verdict(15_000)
      expect({ missing, forbidden }).toEqual({ missing: [], forbidden: [] })
      expect(committed).toBeGreaterThan(20 * ROUNDS)
    },
    60_000 * ROUNDS,
  )

  test('a broker that notes a commit before it stores the message is found out', async () => {
    run = new TransactionRun()
    await run.start()
    await run.brokerDies(NOTED_BEFORE_STORED)
    await run.brokerLives()
    expect((await run.verdict(3_000)).missing).not.toEqual([])
  }, 60_000)
})
