import type { Answer } from './rush.js'
import type { Side } from './side.js'

export interface Figures {
  /** Requests answered with a ticket or a decision, with "sold out", with "busy", and not at all. */
  readonly served: number
  readonly soldOut: number
  readonly busy: number
  readonly failed: number
  /** From when a request was due to its answer; one without an answer counts with all the time it took. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly orders: number
  readonly decisions: number
  /** From the first request to the last decision. */
  readonly decidedAfterMs: number
}

export function figuresOf({ answers, decidedAt, orders }: Side): Figures {
  const count = (is: (status: number) => boolean): number => answers.filter((one) => is(one.status)).length
  const took = sorted(answers)
  return {
    served: count((status) => status === 200 || status === 202),
    soldOut: count((status) => status === 409),
    busy: count((status) => status === 429),
    failed: count((status) => status === 0 || status >= 500),
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    maxMs: took.at(-1) ?? 0,
    orders,
    decisions: decidedAt.length,
    decidedAfterMs: decidedAt.at(-1) ?? 0,
  }
}

/** In one sentence, with the figures it rests on. */
export function comparison(direct: Figures, queue: Figures): string {
  const ratio = direct.p99Ms / Math.max(queue.p99Ms, 0.001)
  const waits = `p99 ${direct.p99Ms.toFixed(0)} ms at the database, ${queue.p99Ms.toFixed(0)} ms at the queue`
  if (direct.failed > queue.failed)
    return `At the database ${direct.failed} requests got no answer, at the queue ${queue.failed}; ${waits}.`
  const failed = `${queue.failed} requests got no answer, at the database ${direct.failed}`
  if (queue.failed > direct.failed) return `At the queue ${failed}: it was not worse; ${waits}.`
  if (ratio > 1.2) return `Users waited ${ratio.toFixed(1)} times as long at the database: ${waits}.`
  return `The database alone was not worse: ${waits}. A larger crowd, or a slower disk, is where it turns.`
}

export function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? 0
}

export const sorted = (answers: readonly Answer[]): number[] =>
  answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
