import type { Clock } from '@rockhopper/env'

/**
 * How long the rate of `putTps` and its like looks back, ms (Apache: StoreStatsService, first of its
 * windows).
 */
const WINDOW_MS = 10_000

/** What the broker counted since it started: the numbers of code 28. */
export class BrokerStats {
  readonly #clock: Clock
  readonly startedAt: number
  readonly puts: RateCounter
  readonly gets: RateCounter
  getMisses = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.startedAt = clock.now()
    this.puts = new RateCounter(clock)
    this.gets = new RateCounter(clock)
  }

  get uptimeMs(): number {
    return Math.max(0, this.#clock.now() - this.startedAt)
  }
}

/** A total, and its rate over the last window, without a timer: samples are taken when it is read. */
export class RateCounter {
  readonly #clock: Clock
  #total = 0
  #sampleAt: number
  #sampleTotal = 0
  #rate = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sampleAt = clock.monotonic()
  }

  add(count: number): void {
    this.#total += count
  }

  get total(): number {
    return this.#total
  }

  /** Per second. A new sample begins at most every window. */
  rate(): number {
    const elapsed = this.#clock.monotonic() - this.#sampleAt
    if (elapsed < 1_000) return this.#rate
    this.#rate = ((this.#total - this.#sampleTotal) * 1_000) / elapsed
    if (elapsed >= WINDOW_MS) {
      this.#sampleAt += elapsed
      this.#sampleTotal = this.#total
    }
    return this.#rate
  }
}
