import { eventually } from '../eventually.fixture.js'
import { campaignOf, type Decided, decisionsOf, read } from './campaign.fixture.js'
import type { CrowdLog } from './crowd.fixture.js'
import { APIS, type SeckillRun } from './seckill-run.fixture.js'

/** What is wrong after the rush, in words. Empty: everything adds up. */
export async function verdict(run: SeckillRun, log: CrowdLog, timeoutMs: number): Promise<string[]> {
  const decided = await eventuallyAll(run, log, timeoutMs)
  const wrong = log.twoTickets.map((user) => `${user} was given two tickets`)
  const { items } = await campaignOf(run)
  for (const { itemId, stock, remaining } of items) {
    const ofItem = decided.filter((one) => one.itemId === itemId)
    const winners = ofItem.filter(({ outcome }) => outcome === 'won').map(({ userId }) => userId)
    if (winners.length !== stock) wrong.push(`${itemId}: ${winners.length} won ${stock}`)
    if (remaining !== stock - winners.length)
      wrong.push(`${itemId}: ${remaining} left of ${stock}, ${winners.length} won`)
    // The first distinct users of the item's queue, and nobody else.
    const first = ofItem
      .sort((a, b) => a.queueOffset - b.queueOffset)
      .slice(0, stock)
      .map(({ userId }) => userId)
    if (first.join() !== winners.join()) wrong.push(`${itemId}: winners are not the first in line`)
    if (new Set(ofItem.map(({ queue }) => queue)).size > 1) wrong.push(`${itemId}: more than one queue`)
  }
  const users = decided.filter(({ outcome }) => outcome === 'won').map(({ userId }) => userId)
  if (new Set(users).size !== users.length) wrong.push('a user won twice')
  const known = new Set(decided.map(({ ticket }) => ticket))
  for (const ticket of log.tickets.keys()) if (!known.has(ticket)) wrong.push(`no answer for ${ticket}`)
  return wrong
}

/** Every winner was told, under one id each; repeats of that id are a matter of crashes. */
export async function everyWinnerTold(run: SeckillRun, timeoutMs: number): Promise<number> {
  const decided = await decisionsOf(run)
  const winners = decided.filter(({ outcome }) => outcome === 'won').map(({ ticket }) => `${ticket}.won`)
  await eventually('every winner is told', timeoutMs, () => {
    run.processes.check()
    return winners.every((id) => run.pushes.has(id))
  })
  return [...run.pushes.values()].reduce((sum, count) => sum + count - 1, 0)
}

/** Resolves when every ticket of the crowd is decided, and one of the API's instances knows it, too. */
async function eventuallyAll(run: SeckillRun, log: CrowdLog, timeoutMs: number): Promise<Decided[]> {
  let decided: Decided[] = []
  await eventually('every ticket is decided', timeoutMs, async () => {
    run.processes.check()
    decided = await decisionsOf(run).catch(() => [])
    const known = new Set(decided.map(({ ticket }) => ticket))
    return [...log.tickets.keys()].every((ticket) => known.has(ticket))
  })
  const [ticket] = log.tickets.keys()
  const { outcome } = await read<Partial<Decided>>(run, APIS[0], `tickets/${ticket}`)
  const expected = decided.find((one) => one.ticket === ticket)?.outcome
  if (outcome !== expected) throw new Error(`ticket ${ticket} is ${expected}, and the API says ${outcome}`)
  return decided
}
