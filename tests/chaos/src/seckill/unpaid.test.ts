import { afterEach, expect, test } from '@jest/globals'
import { withBug } from '../bugs.fixture.js'
import { eventually } from '../eventually.fixture.js'
import { CAMPAIGN, campaignOf, openCampaign, post, read } from './campaign.fixture.js'
import { SeckillRun } from './seckill-run.fixture.js'

const STOCK = 5
const USERS_MAX = 200
const WORKER = { SECKILL_PAY_WITHIN_S: '1', SECKILL_RATE: '5000' }

let run: SeckillRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 30_000)

test('wins that nobody pays go to others, until everything is paid', async () => {
  const seckill = new SeckillRun({ worker: WORKER })
  run = seckill
  await seckill.start()
  await openCampaign(seckill, ['floe'], STOCK)
  expect(await sellOut(seckill, 60_000)).toBe(STOCK)
  const { items, outcomes } = await campaignOf(seckill)
  expect(outcomes['paid']).toBe(STOCK)
  expect(outcomes['won'] ?? 0).toBe(0)
  // Every other winner let the time pass.
  expect(outcomes['released']).toBeGreaterThan(0)
  expect(items).toMatchObject([{ remaining: 0, released: outcomes['released'] }])
}, 120_000)

test('a planted bug is found: a win that is not given back', async () => {
  const bug = withBug('seckill win not given back')
  const seckill = new SeckillRun({ worker: { ...WORKER, ...bug } })
  run = seckill
  await seckill.start()
  expect(seckill.processes.said('worker', /^planted a bug into /)).toBe(true)
  await openCampaign(seckill, ['floe'], STOCK)
  await expect(sellOut(seckill, 10_000)).rejects.toThrow('the next winner: not within')
}, 90_000)

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
