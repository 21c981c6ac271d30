import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../eventually.fixture.js'
import { CAMPAIGN, campaignOf } from './campaign.fixture.js'
import type { SeckillRun } from './seckill-run.fixture.js'

const COMERS = 8
const CLOSED_PAUSE_MS = 50
const TIMEOUT_MS = 120_000

/**
 * New users come to an item whose winners never pay, until so many wins went back; then nobody comes any
 * more, and all wins go back. What is wrong with the counters then, in words.
 */
export async function comebacks(run: SeckillRun, itemId: string, released: number): Promise<string[]> {
  let users = 0
  let isEnough = false
  const come = async (): Promise<void> => {
    while (!isEnough) {
      const response = await fetch(`${run.url('api-1')}/campaigns/${CAMPAIGN}/items/${itemId}/requests`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ userId: `user-${users++}` }),
      })
      await response.body?.cancel()
      // Sold out, or as many stand in line as may: something may be given back.
      if (response.status !== 202) await delay(CLOSED_PAUSE_MS)
    }
  }
  const coming = Promise.all(Array.from({ length: COMERS }, come))
  try {
    await eventually(`${released} wins are given back`, TIMEOUT_MS, async () => {
      run.processes.check()
      return (await campaignOf(run)).items.some((item) => item.released >= released)
    })
  } finally {
    isEnough = true
    await coming
  }
  const { items, outcomes } = await eventually('all wins are given back', TIMEOUT_MS, async () => {
    const campaign = await campaignOf(run)
    const decided = Object.values(campaign.outcomes).reduce((sum, count) => sum + count, 0)
    await delay(CLOSED_PAUSE_MS)
    const later = await campaignOf(run)
    const now = Object.values(later.outcomes).reduce((sum, count) => sum + count, 0)
    return (later.outcomes['won'] ?? 0) === 0 && now === decided && later
  })
  return items.flatMap(({ stock, remaining, released: counted }) => [
    ...(remaining === stock ? [] : [`${remaining} left of ${stock}, and nobody has one`]),
    ...(counted === outcomes['released'] ? [] : [`${counted} counted, ${outcomes['released']} given back`]),
  ])
}
