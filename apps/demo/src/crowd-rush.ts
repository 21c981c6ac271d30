const REQUEST_TIMEOUT_MS = 5_000
const IN_FLIGHT_MAX = 200
const TICK_MS = 50
/** Of the winners, how many pay; what the others got is given back. */
const PAYING = 0.8

export interface RushPlan {
  readonly campaignId: string
  readonly itemId: string
  readonly users: number
  readonly seconds: number
}

/** A crowd at one item: everybody comes once within the time, and every fourth clicks again. */
export class Rush {
  readonly plan: RushPlan
  readonly #api: string
  readonly #paid = new Set<string>()
  #sent = 0
  #underWay = 0
  #tookMs: number[] = []

  constructor(plan: RushPlan, api: string) {
    this.plan = plan
    this.#api = api
  }

  get sent(): number {
    return this.#sent
  }

  /** Ms until a ticket, p99 of those given since it was asked before; null when there were none. */
  takeP99Ms(): number | null {
    const ascending = this.#tookMs.sort((a, b) => a - b)
    this.#tookMs = []
    return ascending[Math.ceil(0.99 * ascending.length) - 1] ?? null
  }

  /** Resolves when all have come. Their answers may still be under way. */
  async run(stopped: AbortSignal): Promise<void> {
    const { users, seconds } = this.plan
    const total = Math.floor(users * 1.25)
    const startedAt = performance.now()
    while (this.#sent < total && !stopped.aborted) {
      const due = Math.ceil((total * (performance.now() - startedAt)) / (seconds * 1_000))
      while (this.#sent < Math.min(due, total) && this.#underWay < IN_FLIGHT_MAX) {
        const user = this.#sent < users ? this.#sent : Math.floor(Math.random() * users)
        this.#sent++
        void this.#click(`user-${user}`)
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
  }

  /** Most winners pay, each once. */
  async pay(winners: readonly string[]): Promise<void> {
    const news = winners.filter((ticket) => !this.#paid.has(ticket))
    for (const ticket of news) {
      this.#paid.add(ticket)
      if (Math.random() < PAYING) await this.#post(`/tickets/${ticket}/payment`, {})
    }
  }

  async #click(userId: string): Promise<void> {
    this.#underWay++
    const { campaignId, itemId } = this.plan
    const startedAt = performance.now()
    const status = await this.#post(`/campaigns/${campaignId}/items/${itemId}/requests`, { userId })
    if (status === 202) this.#tookMs.push(performance.now() - startedAt)
    this.#underWay--
  }

  /** The status of the answer; undefined when there was none. */
  async #post(path: string, body: object): Promise<number | undefined> {
    try {
      const response = await fetch(`${this.#api}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      })
      await response.body?.cancel()
      return response.status
    } catch (error) {
      // Somebody killed the api on the page: the crowd is told nothing, as in life.
      process.stderr.write(`crowd: ${String(error)}\n`)
      return undefined
    }
  }
}
