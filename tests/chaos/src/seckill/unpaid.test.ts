import { expect, test } from '@jest/globals'
import { type BugName, withBug } from '../bugs.fixture.js'
import { eventually } from '../eventually.fixture.js'
import { postgresIsThere } from '../postgres.fixture.js'
import { CAMPAIGN, campaignOf, openCampaign, post, read } from './campaign.fixture.js'
import { comebacks } from './comebacks.fixture.js'
import type { SeckillRun } from './seckill-run.fixture.js'
import { seckillRuns } from './seckill-runs.fixture.js'

const STOCK = 5
const MANY = 20
const USERS_MAX = 200
const WORKER = { SECKILL_PAY_WITHIN_S: '1', SECKILL_RATE: '5000' }

const runs = seckillRuns()

test('wins that nobody pays go to others, until everything is paid', async () => {
  const seckill = await runs.startOnFile({ apis: 1, worker: WORKER })
  await openCampaign(seckill, ['floe'], STOCK)
  expect(await sellOut(seckill, 60_000)).toBe(STOCK)
  const { items, outcomes } = await campaignOf(seckill)
  expect(outcomes['paid']).toBe(STOCK)
  expect(outcomes['won'] ?? 0).toBe(0)
  // Every other winner let the time pass.
  expect(outcomes['released']).toBeGreaterThan(0)
  expect(items).toMatchObject([{ remaining: 0, released: outcomes['released'] }])
}, 120_000)

const testOnPostgres = postgresIsThere ? test : test.skip

testOnPostgres(
  'no win is lost or made twice while two workers give wins back and decide at the same time',
  async () => {
    const seckill = await withTwoWorkers({})
    expect(await comebacks(seckill, 'floe', 3 * MANY)).toEqual([])
  },
  240_000,
)

testOnPostgres.each<[BugName, number, RegExp]>([
  ['seckill stock read then write', MANY + 5, /left of/],
  ['seckill counter not released', MANY, /0 left of/],
])(
  'the planted bug is found: %s',
  async (bug, released, finds) => {
    const seckill = await withTwoWorkers(withBug(bug))
    for (const worker of seckill.workers)
      expect(seckill.processes.said(worker, /^planted a bug into /)).toBe(true)
    expect((await comebacks(seckill, 'floe', released)).join()).toMatch(finds)
  },
  240_000,
)

async function withTwoWorkers(bug: Record<string, string>): Promise<SeckillRun> {
  const seckill = await runs.start({ apis: 1, worker: { ...WORKER, ...bug } })
  await openCampaign(seckill, ['floe'], MANY)
  return seckill
}

/** Users come one by one; of the winners every other one pays. Resolves with the number of payments. */
async function sellOut(seckill: SeckillRun, timeoutMs: number): Promise<number> {
  let winners = 0
  let paid = 0
  for (let user = 0; user < USERS_MAX && paid < STOCK; user++) {
    // While it is sold out the gate refuses; it opens when a win is given back.
    const ticket = await eventually('the next winner', timeoutMs, () => ask(seckill, `user-${user}`))
    const outcome = await eventually('an answer', timeoutMs, async () => {
      const result = await read<{ outcome?: string }>(seckill, 'api-1', `tickets/${ticket}`)
      return result.outcome
    })
    if (outcome !== 'won' || winners++ % 2 === 1) continue
    await post(seckill, 'api-1', `tickets/${ticket}/payment`, {})
    paid++
  }
  return paid
}

/** The ticket, or false while the gate is closed. */
async function ask(seckill: SeckillRun, userId: string): Promise<string | false> {
  const url = `${seckill.url('api-1')}/campaigns/${CAMPAIGN}/items/floe/requests`
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId }),
  })
  return response.status === 202 && ((await response.json()) as { ticket: string }).ticket
}
