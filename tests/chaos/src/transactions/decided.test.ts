import { afterEach, describe, expect, test } from '@jest/globals'
import { randomOf, seedOf } from '../consumers/random.fixture.js'
import { dieAt, NOTED_BEFORE_STORED, STEP_NAMES, type StepName } from './steps.fixture.js'
import { TransactionRun } from './transaction-run.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const ROUNDS = Number(process.env['ROCKHOPPER_ROUNDS'] ?? (LONG ? 20 : 1))
/** Of the short size, in another choice each time: a life of a broker takes seconds. */
const SOME = 5
/** Ten lives of a broker and five of a producer, on a busy machine. */
const ROUND_MS = 180_000
const PRODUCER_STEPS = [
  'while the half message is on its way',
  'before the local commit',
  'after the local commit',
  'after the end',
  'while it is asked',
]

function someSteps(): StepName[] {
  const random = randomOf(seedOf('transactions'))
  const left = [...STEP_NAMES]
  return Array.from({ length: SOME }, () => left.splice(Math.floor(random() * left.length), 1)[0] as StepName)
}

let run: TransactionRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 30_000)

describe('transactional messages, while producers and brokers are killed at every step', () => {
  // R32
  test(
    'a message is visible if and only if its transaction committed',
    async () => {
      run = new TransactionRun()
      await run.start()
      for (let round = 0; round < ROUNDS; round++) {
        const startedAt = performance.now()
        for (const step of LONG ? STEP_NAMES : someSteps()) await run.brokerDies(dieAt(step))
        const brokersMs = Math.round(performance.now() - startedAt)
        await run.brokerLives()
        await Promise.all(PRODUCER_STEPS.map((step) => run?.producerDies(step)))
        const ms = Math.round(performance.now() - startedAt)
        process.stderr.write(`transactions: round ${round} took ${ms} ms, ${brokersMs} of them for brokers\n`)
      }
      const { committed, missing, forbidden } = await run.verdict(15_000)
      process.stderr.write(`transactions: ${committed} committed in ${ROUNDS} rounds\n`)
      expect({ missing, forbidden }).toEqual({ missing: [], forbidden: [] })
      expect(committed).toBeGreaterThan(15 * ROUNDS)
    },
    ROUND_MS * ROUNDS,
  )

  test('a broker that notes a commit before it stores the message is found out', async () => {
    run = new TransactionRun()
    await run.start()
    await run.brokerDies(NOTED_BEFORE_STORED)
    await run.brokerLives()
    expect((await run.verdict(3_000)).missing).not.toEqual([])
  }, 60_000)
})
