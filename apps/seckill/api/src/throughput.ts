import { Injectable } from '@nestjs/common'
import { measure } from '@rockhopper/seckill-contracts'

const LATENCIES = 4_096

export interface ThroughputView {
  /** Answers by kind since the start. */
  readonly answers: Readonly<Record<string, number>>
  /** Of the last 4,096 tickets, ms from the request's arrival to its answer. */
  readonly p50Ms: number
  readonly p99Ms: number
}

/** How many requests were answered how, and how fast tickets were given out. */
@Injectable()
export class Throughput {
  readonly #answers = new Map<string, number>()
  readonly #latencies = new Float64Array(LATENCIES)
  #next = 0

  constructor() {
    measure({
      kind: 'counter',
      name: 'seckill_answers_total',
      help: 'Requests for an item, by their answer.',
      labels: ['answer'],
      read: () => [...this.#answers].map(([answer, count]) => [count, { answer }] as const),
    })
    measure({
      kind: 'gauge',
      name: 'seckill_ticket_seconds',
      help: 'From the arrival of a request to its ticket, of the last 4,096.',
      labels: ['quantile'],
      read: () => {
        const { p50Ms, p99Ms } = this.view()
        return [
          [p50Ms / 1_000, { quantile: '0.5' }],
          [p99Ms / 1_000, { quantile: '0.99' }],
        ]
      },
    })
  }

  count(kind: string, ms: number): void {
    this.#answers.set(kind, (this.#answers.get(kind) ?? 0) + 1)
    if (kind === 'queued') this.#latencies[this.#next++ % LATENCIES] = ms
  }

  view(): ThroughputView {
    const sorted = this.#latencies.slice(0, Math.min(this.#next, LATENCIES)).sort()
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
    return { answers: Object.fromEntries(this.#answers), p50Ms: at(0.5), p99Ms: at(0.99) }
  }
}
