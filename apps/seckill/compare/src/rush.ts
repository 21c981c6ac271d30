export interface RushPlan {
  readonly requests: number
  readonly users: number
  readonly items: readonly string[]
  /** Over which the requests come, whatever becomes of those before. */
  readonly seconds: number
}

export interface Answer {
  /** Ms since the rush began: when the request was due, and how long its answer took from then. */
  readonly at: number
  readonly tookMs: number
  /** HTTP status; 0 when none came in time. */
  readonly status: number
}

/** Like people who go away: an answer that has not come by then is no answer. */
export const PATIENCE_MS = 10_000
const TICK_MS = 10

/**
 * Resolves with every answer, and how many users were served: given a ticket, or a decision.
 * Requests at a fixed rate, at one address after the other. They do not wait for each other: who is slow to
 * answer has more of them at once, as in life.
 */
export async function rush(addresses: readonly string[], campaignId: string, plan: RushPlan) {
  const { requests, users, items, seconds } = plan
  const beganAt = Date.now()
  const began = performance.now()
  const answers: Promise<Answer>[] = []
  const served = new Set<number>()
  while (answers.length < requests) {
    const count = Math.ceil((requests * (performance.now() - began)) / (seconds * 1_000))
    while (answers.length < Math.min(count, requests)) {
      const n = answers.length
      // Everybody comes once, then all of them again, in another order, to the item they want.
      const user = n < users ? n : (n * 7_919) % users
      const item = items[user % items.length] ?? ''
      const url = `${addresses[n % addresses.length]}/campaigns/${campaignId}/items/${item}/requests`
      const due = began + (n * seconds * 1_000) / requests
      const answer = asked(url, `user-${user}`, due, began)
      answers.push(answer)
      void answer.then(({ status }) => (status === 200 || status === 202) && served.add(user))
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  return { beganAt, answers: await Promise.all(answers), served: served.size }
}

async function asked(url: string, userId: string, due: number, began: number): Promise<Answer> {
  const answer = (status: number): Answer => ({ at: due - began, tookMs: performance.now() - due, status })
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userId }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    await response.arrayBuffer()
    return answer(response.status)
  } catch {
    // Refused, broken off, or too late: the user saw nothing.
    return answer(0)
  }
}
