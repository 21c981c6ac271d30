import { afterEach, expect, test } from '@jest/globals'
import { withBug } from '../bugs.fixture.js'
import { eventually } from '../eventually.fixture.js'
import { decisionsOf, openCampaign } from './campaign.fixture.js'
import { rush } from './crowd.fixture.js'
import { SeckillRun } from './seckill-run.fixture.js'
import { everyWinnerTold, verdict } from './verdict.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const PLAN = LONG
  ? { requests: 50_000, users: 20_000, items: ['floe', 'pebble', 'krill', 'plush'], inFlight: 256 }
  : { requests: 2_000, users: 800, items: ['floe', 'pebble'], inFlight: 64 }
const STOCK = LONG ? 250 : 25
const NOTIFIER_DOWN_MS = LONG ? 20_000 : 2_000
const SETTLE_MS = LONG ? 300_000 : 60_000
const SEED = Number(process.env['ROCKHOPPER_SEED'] ?? Date.now() % 1_000_000)

const RATES = { SECKILL_RATE: '5000', SECKILL_NOTICE_RATE: '500', SECKILL_PAY_WITHIN_S: '86400' }
const FAULTS = {
  'api-2': ['api.after-send-before-answer:40'],
  worker: [
    'worker.before-commit:20',
    'worker.after-commit-before-ack:60',
    'worker.after-publish-before-mark:30',
  ],
  notifier: ['notifier.after-send-before-commit:5'],
} as const

let run: SeckillRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 30_000)

test(
  `a rush on little stock: as many orders as there is stock, to the first in line (seed ${SEED})`,
  async () => {
    const seckill = new SeckillRun({ worker: RATES, notifier: RATES }, FAULTS)
    run = seckill
    await seckill.start()
    await openCampaign(seckill, PLAN.items, STOCK)
    const rushing = rush(seckill, PLAN, randomFrom(SEED))
    // In the middle of it, whatever the machine can do.
    await eventually('the rush is on', SETTLE_MS, async () => {
      const decided = await decisionsOf(seckill).catch(() => [])
      return decided.length >= STOCK
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
    const kills = [...Object.values(FAULTS).flat(), 'broker', 'notifier']
    expect([...seckill.processes.kills].sort()).toEqual(kills.sort())
    report(log.latencies, Object.fromEntries(log.answers))
  },
  LONG ? 900_000 : 150_000,
)

test('a planted bug is found: no unique key', async () => {
  const bug = withBug('seckill without unique key')
  const seckill = new SeckillRun({ worker: { ...RATES, ...bug }, notifier: RATES })
  run = seckill
  await seckill.start()
  expect(seckill.processes.said('worker', /^planted a bug into /)).toBe(true)
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
