import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import type { DatabaseServer } from '@rockhopper/e2e'
import { withBug } from '../bugs.fixture.js'
import { eventually } from '../eventually.fixture.js'
import { postgresIfThere } from '../postgres.fixture.js'
import { decisionsOf, openCampaign } from './campaign.fixture.js'
import { rush } from './crowd.fixture.js'
import { type SeckillPlan, SeckillRun } from './seckill-run.fixture.js'
import { everyWinnerTold, verdict } from './verdict.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const PLAN = LONG
  ? { requests: 50_000, users: 20_000, items: ['floe', 'snow', 'pebble', 'ice'], inFlight: 256 }
  : { requests: 2_000, users: 800, items: ['floe', 'pebble'], inFlight: 64 }
const STOCK = LONG ? 250 : 25
const NOTIFIER_DOWN_MS = LONG ? 20_000 : 2_000
const SETTLE_MS = LONG ? 1_500_000 : 150_000
const SEED = Number(process.env['ROCKHOPPER_SEED'] ?? Date.now() % 1_000_000)

const RATES = { SECKILL_RATE: '5000', SECKILL_NOTICE_RATE: '500', SECKILL_PAY_WITHIN_S: '86400' }
const at = LONG ? 200 : 10
const FAULTS = {
  'api-2': [`api.after-send-before-answer:${4 * at}`],
  'worker-1': [`worker.before-commit:${at}`, `worker.after-publish-before-mark:${at}`],
  'worker-2': [`worker.after-commit-before-ack:${at}`],
  notifier: ['notifier.after-send-before-commit:5'],
}

let postgres: DatabaseServer | undefined
let databases = 0
beforeAll(async () => {
  postgres = await postgresIfThere()
}, 150_000)
afterAll(async () => {
  await postgres?.[Symbol.asyncDispose]()
}, 30_000)

let run: SeckillRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 30_000)

async function started(plan: SeckillPlan): Promise<SeckillRun> {
  const database = await postgres?.createDatabase(`seckill_${++databases}`)
  const seckill = new SeckillRun({ ...plan, database })
  run = seckill
  await seckill.start()
  return seckill
}

test(
  `a rush on little stock: as many orders as there is stock, to the first in line (seed ${SEED})`,
  async () => {
    const faults = Object.fromEntries(
      Object.entries(FAULTS).filter(([name]) => postgres !== undefined || name !== 'worker-2'),
    )
    const seckill = await started({ worker: RATES, notifier: RATES, faults })
    await openCampaign(seckill, PLAN.items, STOCK)
    const rushing = rush(seckill, PLAN, randomFrom(SEED))
    // In the middle of it, whatever the machine can do. After a broker's start one worker may lock all queues
    // before the other one is back: who is killed with a lock that is not its own leaves it for a minute.
    await eventually('the workers were killed, and are back', SETTLE_MS, async () => {
      if (seckill.processes.armed > 0) return false
      return (await decisionsOf(seckill).catch(() => [])).length >= STOCK
    })
    await Promise.all([
      seckill.processes.kill('broker'),
      seckill.processes.kill('notifier', NOTIFIER_DOWN_MS),
    ])
    const log = await rushing
    expect(await verdict(seckill, log, SETTLE_MS)).toEqual([])
    const repeats = await everyWinnerTold(seckill, SETTLE_MS)
    await seckill.processes.settled(SETTLE_MS)
    // Each life of the notifier may repeat what it was sending, and nothing else.
    expect(repeats).toBeLessThanOrEqual(20 * 2)
    const kills = [...Object.values(faults).flat(), 'broker', 'notifier']
    expect([...seckill.processes.kills].sort()).toEqual(kills.sort())
    report(log.latencies, Object.fromEntries(log.answers))
  },
  LONG ? 3_000_000 : 300_000,
)

test('a planted bug is found: no unique key', async () => {
  const bug = withBug('seckill without unique key')
  const seckill = await started({ apis: 2, worker: { ...RATES, ...bug }, notifier: RATES })
  for (const worker of seckill.workers)
    expect(seckill.processes.said(worker, /^planted a bug into /)).toBe(true)
  await openCampaign(seckill, ['floe'], 50)
  const plan = { requests: 200, users: 20, items: ['floe'], inFlight: 16 }
  const log = await rush(seckill, plan, randomFrom(SEED))
  expect((await verdict(seckill, log, SETTLE_MS)).join('\n')).toMatch(/a user won twice/)
}, 90_000)

function report(latencies: readonly number[], answers: Record<string, number>): void {
  const sorted = [...latencies].sort((a, b) => a - b)
  const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0
  process.stderr.write(`seckill: answers ${JSON.stringify(answers)}, admission p99 ${p99.toFixed(0)} ms\n`)
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
