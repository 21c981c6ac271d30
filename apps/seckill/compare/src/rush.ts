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
 * Requests at a fixed rate, at one address after the other. They do not wait for each other: who is slow to
 * answer has more of them at once, as in life.
 */
export async function rush(addresses: readonly string[], campaignId: string, plan: RushPlan) {
  const { requests, users, items, seconds } = plan
  const beganAt = Date.now()
  const began = performance.now()
  const answers: Promise<Answer>[] = []
  while (answers.length < requests) {
    const due = Math.ceil((requests * (performance.now() - began)) / (seconds * 1_000))
    while (answers.length < Math.min(due, requests)) {
      const n = answers.length
      // Everybody comes once, then all of them again, in another order, to the item they want.
      const user = n < users ? n : (n * 7_919) % users
      const item = items[user % items.length] ?? ''
      const url = `${addresses[n % addresses.length]}/campaigns/${campaignId}/items/${item}/requests`
      answers.push(asked(url, `user-${user}`, began + (n * seconds * 1_000) / requests, began))
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  return { beganAt, answers: await Promise.all(answers) }
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
