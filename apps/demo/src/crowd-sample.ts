const ASK_TIMEOUT_MS = 2_000

/** What the page draws, some times a second. Counts are of one rush. */
export interface Sample {
  /** Ms since 1970. */
  readonly at: number
  /** Requests that came in, and decisions made, since the sample before, a second. */
  readonly arriving: number
  readonly deciding: number
  /** Tickets that wait for their answer. */
  readonly waiting: number
  readonly left: number
  readonly outcomes: Readonly<Record<string, number>>
  /** Answers of the api by kind. */
  readonly answers: Readonly<Record<string, number>>
  /** Of the api's last tickets, ms until the answer. */
  readonly p50Ms: number
  /** As the crowd saw it, of the tickets since the sample before; null: none were given. */
  readonly p99Ms: number | null
}

interface ApiMetrics {
  readonly answers: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly gates: readonly { readonly campaignId: string; readonly admitted: number }[]
}

interface Campaign {
  readonly items: readonly { readonly remaining: number }[]
  readonly outcomes: Readonly<Record<string, number>>
}

/** Reads api and worker, and makes rates of what they count. */
export class Sampler {
  readonly #api: string
  readonly #worker: string
  readonly #campaignId: string
  #before: { at: number; answered: number; decided: number } | undefined
  #answersBefore: Readonly<Record<string, number>> | undefined
  #campaign: Campaign | undefined

  constructor(api: string, worker: string, campaignId: string) {
    this.#api = api
    this.#worker = worker
    this.#campaignId = campaignId
  }

  /** Rejects while the api does not answer. While the worker does not, nothing is decided. */
  async sample(p99Ms: number | null): Promise<Sample> {
    const [metrics, campaign] = await Promise.all([
      ask<ApiMetrics>(`${this.#api}/metrics.json`),
      this.#current(),
    ])
    const at = Date.now()
    this.#answersBefore ??= metrics.answers
    const answers = minus(metrics.answers, this.#answersBefore)
    const answered = sum(answers)
    const decided = sum(campaign.outcomes)
    const before = this.#before ?? { at: at - 1_000, answered: 0, decided: 0 }
    const seconds = Math.max(0.001, (at - before.at) / 1_000)
    this.#before = { at, answered, decided }
    const admitted = metrics.gates
      .filter(({ campaignId }) => campaignId === this.#campaignId)
      .reduce((total, gate) => total + gate.admitted, 0)
    return {
      at,
      // An api that was started again counts from 0.
      arriving: Math.max(0, answered - before.answered) / seconds,
      deciding: Math.max(0, decided - before.decided) / seconds,
      waiting: Math.max(0, admitted - decided),
      left: campaign.items.reduce((total, item) => total + item.remaining, 0),
      outcomes: campaign.outcomes,
      answers,
      p50Ms: metrics.p50Ms,
      p99Ms,
    }
  }

  /** What the worker said last, while it is away. */
  async #current(): Promise<Campaign> {
    try {
      this.#campaign = await ask<Campaign>(`${this.#worker}/campaigns/${this.#campaignId}`)
    } catch (error) {
      if (this.#campaign === undefined) throw error
    }
    return this.#campaign
  }
}

/** Rejects unless the answer is a success. */
export async function ask<Body>(url: string, init: RequestInit = {}): Promise<Body> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) })
  if (!response.ok) throw new Error(`${url}: ${response.status}`)
  return (await response.json()) as Body
}

function minus(now: Readonly<Record<string, number>>, before: Readonly<Record<string, number>>) {
  return Object.fromEntries(
    Object.entries(now).map(([kind, count]) => [kind, Math.max(0, count - (before[kind] ?? 0))]),
  )
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0)
