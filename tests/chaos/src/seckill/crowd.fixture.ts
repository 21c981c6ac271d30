import { setTimeout as delay } from 'node:timers/promises'
import { CAMPAIGN } from './campaign.fixture.js'
import type { SeckillRun } from './seckill-run.fixture.js'

const REQUEST_TIMEOUT_MS = 10_000

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
  /** Called between requests: true ends it before all have come. */
  readonly enough?: () => boolean
}

/**
 * Many users at once, each more often than once, at whichever instance. Who hears that an instance is gone or
 * busy tries again at the next one, until a ticket or "sold out".
 */
export async function rush(run: SeckillRun, plan: CrowdPlan, random: () => number): Promise<CrowdLog> {
  const log: CrowdLog = { tickets: new Map(), answers: new Map(), latencies: [], twoTickets: [] }
  const byUser = new Map<string, string>()
  let next = 0
  const one = async (): Promise<void> => {
    while (next < plan.requests && plan.enough?.() !== true) {
      const index = next++
      // Everybody comes once, then anybody again.
      const user = `user-${index < plan.users ? index : Math.floor(random() * plan.users)}`
      const item = plan.items[Math.floor(random() * plan.items.length)] ?? ''
      const ticket = await untilAnswered(run, log, { user, item, first: index })
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

interface Wish {
  readonly user: string
  readonly item: string
  readonly first: number
}

async function untilAnswered(run: SeckillRun, log: CrowdLog, wish: Wish): Promise<string | undefined> {
  for (let attempt = 0; ; attempt++) {
    run.processes.check()
    const api = run.apis[(wish.first + attempt) % run.apis.length] ?? 'api-1'
    const startedAt = performance.now()
    let answer: { status: number; body: { ticket?: string } }
    try {
      const response = await fetch(`${run.url(api)}/campaigns/${CAMPAIGN}/items/${wish.item}/requests`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ userId: wish.user }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      })
      answer = { status: response.status, body: (await response.json()) as { ticket?: string } }
    } catch {
      // The instance was killed: the user tries the next one.
      answer = { status: 0, body: {} }
    }
    log.answers.set(String(answer.status), (log.answers.get(String(answer.status)) ?? 0) + 1)
    if (answer.status === 202) log.latencies.push(performance.now() - startedAt)
    if (answer.status === 202 || answer.status === 409) return answer.body.ticket
    if (![0, 429, 503].includes(answer.status))
      throw new Error(`the API answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    await delay(50)
  }
}
