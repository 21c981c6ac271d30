import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../eventually.fixture.js'
import { CAMPAIGN, openCampaign } from './campaign.fixture.js'
import type { SeckillRun } from './seckill-run.fixture.js'

const REQUEST_TIMEOUT_MS = 10_000
/** Before somebody whose instance was killed tries the next one. */
const NEXT_INSTANCE_MS = 50
const LATER_CAMPAIGN = 'later'
const LATER_STOCK = 1_000_000

/** What the crowd was told, from its own log. */
export interface CrowdLog {
  /** Ticket to the user it was given to. */
  readonly tickets: Map<string, string>
  readonly answers: Map<string, number>
  /** Ms from request to ticket. */
  readonly latencies: number[]
  /** Users who were given two tickets. */
  readonly twoTickets: string[]
}

export interface CrowdPlan {
  readonly requests: number
  readonly users: number
  readonly items: readonly string[]
  /** Requests under way at once. */
  readonly inFlight: number
}

/**
 * Many users at once, each more often than once, at whichever instance. Who hears that an instance is gone or
 * busy tries again at the next one, until a ticket or "sold out".
 */
export async function rush(run: SeckillRun, plan: CrowdPlan, random: () => number): Promise<CrowdLog> {
  const log = emptyLog()
  const byUser = new Map<string, string>()
  let next = 0
  const one = async (): Promise<void> => {
    while (next < plan.requests) {
      const index = next++
      // Everybody comes once, then anybody again.
      const user = `user-${index < plan.users ? index : Math.floor(random() * plan.users)}`
      const item = plan.items[Math.floor(random() * plan.items.length)] ?? ''
      const ticket = await untilAnswered(run, log, { campaign: CAMPAIGN, user, item, first: index })
      if (ticket === undefined) continue
      const earlier = byUser.get(user)
      if (earlier !== undefined && earlier !== ticket) log.twoTickets.push(user)
      byUser.set(user, ticket)
      log.tickets.set(ticket, user)
    }
  }
  await Promise.all(Array.from({ length: plan.inFlight }, one))
  return log
}

/**
 * A fault point fires when it is passed often enough, and who sells out first may be faster: others come to
 * another campaign, which has enough for all, until each has fired. Resolves with how many came.
 */
export async function comeUntilDisarmed(run: SeckillRun, items: readonly string[]): Promise<number> {
  if (run.processes.armed === 0) return 0
  await eventually('another campaign', REQUEST_TIMEOUT_MS, () =>
    openCampaign(run, items, LATER_STOCK, LATER_CAMPAIGN).then(
      () => true,
      () => false,
    ),
  )
  const log = emptyLog()
  for (let index = 0; ; index++) {
    if (run.processes.armed === 0) return index
    const item = items[index % items.length] ?? ''
    await untilAnswered(run, log, { campaign: LATER_CAMPAIGN, user: `late-${index}`, item, first: index })
  }
}

const emptyLog = (): CrowdLog => ({ tickets: new Map(), answers: new Map(), latencies: [], twoTickets: [] })

interface Wish {
  readonly campaign: string
  readonly user: string
  readonly item: string
  readonly first: number
}

async function untilAnswered(run: SeckillRun, log: CrowdLog, wish: Wish): Promise<string | undefined> {
  for (let attempt = 0; ; attempt++) {
    run.processes.check()
    const api = run.apis[(wish.first + attempt) % run.apis.length] ?? 'api-1'
    const startedAt = performance.now()
    const { status, body, retryAfterMs } = await ask(
      `${run.url(api)}/campaigns/${wish.campaign}/items/${wish.item}/requests`,
      wish.user,
    )
    log.answers.set(String(status), (log.answers.get(String(status)) ?? 0) + 1)
    if (status === 202) log.latencies.push(performance.now() - startedAt)
    if (status === 202 || status === 409) return body.ticket
    if (![0, 429, 503].includes(status))
      throw new Error(`the API answered ${status}: ${JSON.stringify(body)}`)
    await delay(retryAfterMs)
  }
}

interface Answer {
  /** 0: none. */
  readonly status: number
  readonly body: { readonly ticket?: string }
  readonly retryAfterMs: number
}

async function ask(url: string, userId: string): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userId }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    const body = (await response.json()) as Answer['body']
    // Who would come again at once would take the machine from those who answer.
    const retryAfterMs = 1_000 * Number(response.headers.get('retry-after') ?? 1)
    return { status: response.status, body, retryAfterMs }
  } catch {
    // The instance was killed.
    return { status: 0, body: {}, retryAfterMs: NEXT_INSTANCE_MS }
  }
}
