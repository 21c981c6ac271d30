import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../eventually.fixture.js'
import { type CampaignView, campaignOf, type Decided, decidedIn, decisionsOf } from './campaign.fixture.js'
import type { CrowdLog } from './crowd.fixture.js'
import { type Queued, queuedRequests, whereWorkersAre } from './line.fixture.js'
import type { SeckillRun } from './seckill-run.fixture.js'

const ASKING = 16
const ANSWER_MS = 120_000
/** More than the minute for which a queue stays locked by a worker that died with a lock not its own. */
const STALLED_MS = 150_000

/** What is wrong after the rush, in words. Rejects when a ticket stays without an answer. */
export async function verdict(run: SeckillRun, log: CrowdLog): Promise<string[]> {
  const decided = await untilDecided(run, log)
  const { items } = await campaignOf(run)
  const queued = await queuedRequests(run)
  const winners = decided.filter(({ outcome }) => outcome === 'won').map(({ userId }) => userId)
  return [
    ...log.twoTickets.map((user) => `${user} was given two tickets`),
    ...(new Set(winners).size === winners.length ? [] : ['a user won twice']),
    ...items.flatMap((item) => wrongAbout(item, decided, queued)),
    ...(await wrongAnswers(run, log, decided)),
  ]
}

function wrongAbout(
  { itemId, stock, remaining }: CampaignView['items'][number],
  decided: readonly Decided[],
  queued: readonly Queued[],
): string[] {
  const wrong: string[] = []
  const winners = decided
    .filter((one) => one.itemId === itemId && one.outcome === 'won')
    .sort((a, b) => a.queueOffset - b.queueOffset)
    .map(({ userId }) => userId)
  if (winners.length !== stock) wrong.push(`${itemId}: ${winners.length} orders for ${stock} pieces`)
  if (remaining !== stock - winners.length)
    wrong.push(`${itemId}: ${remaining} left of ${stock}, ${winners.length} won`)
  const line = queued.filter((one) => one.itemId === itemId)
  if (new Set(line.map(({ queue }) => queue)).size > 1) wrong.push(`${itemId}: more than one queue`)
  // A user has one answer in a campaign: who was decided at another item stands in this line for nothing.
  const elsewhere = new Set(decided.filter((one) => one.itemId !== itemId).map(({ userId }) => userId))
  const users = line
    .sort((a, b) => a.queueOffset - b.queueOffset)
    .map(({ userId }) => userId)
    .filter((userId) => !elsewhere.has(userId))
  const first = [...new Set(users)].slice(0, stock)
  if (first.join() !== winners.join())
    wrong.push(`${itemId}: winners are not the first in line: ${winners.join()} instead of ${first.join()}`)
  return wrong
}

/** Every winner was told, under one id each. Resolves with the repeats of an id: a matter of crashes. */
export async function everyWinnerTold(run: SeckillRun, timeoutMs: number): Promise<number> {
  const decided = await decisionsOf(run)
  const winners = decided.filter(({ outcome }) => outcome === 'won').map(({ ticket }) => `${ticket}.won`)
  await eventually('every winner is told', timeoutMs, () => {
    run.processes.check()
    return winners.every((id) => run.pushes.has(id))
  })
  return [...run.pushes.values()].reduce((sum, count) => sum + count - 1, 0)
}

/**
 * However long a slow machine takes; rejects when nothing is decided any more while tickets wait, with where
 * the workers stand.
 */
async function untilDecided(run: SeckillRun, log: CrowdLog): Promise<Decided[]> {
  let count = 0
  let movedAt = performance.now()
  for (;;) {
    run.processes.check()
    const askedAt = performance.now()
    const now = await campaignOf(run).then(decidedIn, () => count)
    if (now !== count) movedAt = performance.now()
    count = now
    if (count >= log.tickets.size) {
      const decided = await decisionsOf(run)
      const known = new Set(decided.map(({ ticket }) => ticket))
      if ([...log.tickets.keys()].every((ticket) => known.has(ticket))) return decided
    }
    if (performance.now() - movedAt > STALLED_MS)
      throw new Error(
        `${count} answers for ${log.tickets.size} tickets, and none for ${STALLED_MS} ms, after ` +
          `${run.processes.kills.join(', ')}; ${await whereWorkersAre(run)}`,
      )
    // A question is work for the worker, too.
    await delay(100 + performance.now() - askedAt)
  }
}

/** Every ticket that somebody was given is answered by the API, whichever instance is asked. */
async function wrongAnswers(run: SeckillRun, log: CrowdLog, decided: readonly Decided[]): Promise<string[]> {
  const outcomes = new Map(decided.map(({ ticket, outcome }) => [ticket, outcome]))
  const tickets = [...log.tickets.keys()]
  const wrong: string[] = []
  let next = 0
  const ask = async (): Promise<void> => {
    while (next < tickets.length) {
      const index = next++
      const ticket = tickets[index] ?? ''
      const api = run.apis[index % run.apis.length] ?? 'api-1'
      const said = await eventually(`an answer about ${ticket}`, ANSWER_MS, async () => {
        const response = await fetch(`${run.url(api)}/tickets/${ticket}`).catch(() => undefined)
        return response?.ok === true && ((await response.json()) as Partial<Decided>)
      })
      if (said.outcome !== outcomes.get(ticket))
        wrong.push(`${ticket} is ${outcomes.get(ticket)}, and ${api} says ${said.outcome ?? 'queued'}`)
    }
  }
  await Promise.all(Array.from({ length: ASKING }, ask))
  return wrong
}
