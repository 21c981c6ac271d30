import { expect, test } from '@jest/globals'
import { withBug } from '../bugs.fixture.js'
import { eventually } from '../eventually.fixture.js'
import { postgresIsThere } from '../postgres.fixture.js'
import { openCampaign } from './campaign.fixture.js'
import { type CrowdLog, comeUntilDisarmed, rush } from './crowd.fixture.js'
import { seckillRuns } from './seckill-runs.fixture.js'
import { everyWinnerTold, verdict } from './verdict.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const PLAN = LONG
  ? { requests: 50_000, users: 20_000, items: ['floe', 'snow', 'pebble', 'ice'], inFlight: 256 }
  : { requests: 2_000, users: 800, items: ['floe', 'pebble'], inFlight: 64 }
const STOCK = LONG ? 250 : 25
const NOTIFIER_DOWN_MS = LONG ? 20_000 : 2_000
const SETTLE_MS = LONG ? 1_500_000 : 150_000
const SEED = Number(process.env['ROCKHOPPER_SEED'] ?? Date.now() % 1_000_000)

// Slow enough that most who come stand in line while processes are killed.
const RATES = { SECKILL_RATE: '200', SECKILL_NOTICE_RATE: '500', SECKILL_PAY_WITHIN_S: '86400' }
const at = LONG ? 50 : 10
const FAULTS = {
  'api-2': [`api.after-send-before-answer:${4 * at}`],
  'worker-1': [`worker.before-commit:${at}`, `worker.after-publish-before-mark:${at}`],
  // A file has one worker.
  ...(postgresIsThere ? { 'worker-2': [`worker.after-commit-before-ack:${at}`] } : {}),
  notifier: ['notifier.after-send-before-commit:5'],
}

const runs = seckillRuns()

test(
  `a rush on little stock: as many orders as there is stock, to the first in line (seed ${SEED})`,
  async () => {
    const seckill = await runs.start({ worker: RATES, notifier: RATES, faults: FAULTS })
    await openCampaign(seckill, PLAN.items, STOCK)
    const began = performance.now()
    let isOver = false
    const rushing = rush(seckill, PLAN, randomFrom(SEED)).finally(() => {
      isOver = true
    })
    rushing.catch(() => undefined)
    // In the middle of it, whatever the machine can do. After a broker's start one worker may lock all queues
    // before the other one is back: who is killed with a lock that is not its own leaves it for a minute.
    await eventually('the others were killed', SETTLE_MS, () => {
      seckill.processes.check()
      return isOver || seckill.processes.armed === 0
    })
    const late = await comeUntilDisarmed(seckill, PLAN.items)
    await Promise.all([
      seckill.processes.kill('broker'),
      seckill.processes.kill('notifier', NOTIFIER_DOWN_MS),
    ])
    const log = await rushing
    expect(await verdict(seckill, log)).toEqual([])
    const repeats = await everyWinnerTold(seckill, SETTLE_MS)
    await seckill.processes.settled(SETTLE_MS)
    // A life of the notifier may repeat what it was sending when it was killed. And the provider, which is in
    // this process, may have taken what it was too busy to answer in time.
    expect(repeats).toBeLessThanOrEqual(20 * 2 + seckill.processes.failedHandlers('notifier'))
    const kills = [...Object.values(FAULTS).flat(), 'broker', 'notifier']
    expect([...seckill.processes.kills].sort()).toEqual(kills.sort())
    report(log, late, performance.now() - began)
  },
  LONG ? 3_000_000 : 300_000,
)

test('a planted bug is found: no unique key', async () => {
  const bug = withBug('seckill without unique key')
  const seckill = await runs.start({ apis: 2, worker: { ...RATES, ...bug }, notifier: RATES })
  for (const worker of seckill.workers)
    expect(seckill.processes.said(worker, /^planted a bug into /)).toBe(true)
  await openCampaign(seckill, ['floe'], 50)
  const plan = { requests: 200, users: 20, items: ['floe'], inFlight: 16 }
  const log = await rush(seckill, plan, randomFrom(SEED))
  expect((await verdict(seckill, log)).join('\n')).toMatch(/a user won twice/)
}, 90_000)

function report({ latencies, answers, tickets }: CrowdLog, late: number, ms: number): void {
  const sorted = [...latencies].sort((a, b) => a - b)
  const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0
  process.stderr.write(
    `seckill: ${PLAN.requests} requests, ${tickets.size} tickets, ${STOCK * PLAN.items.length} orders in ` +
      `${(ms / 1_000).toFixed(0)} s; admission p99 ${p99.toFixed(0)} ms; ${late} came later; answers ` +
      `${JSON.stringify(Object.fromEntries(answers))}\n`,
  )
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
