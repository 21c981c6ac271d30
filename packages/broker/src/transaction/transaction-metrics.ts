import type { Clock } from '@rockhopper/env'
import { type DataVersion, TransactionMetricsBody } from '@rockhopper/remoting'
import type { StateFile } from '@rockhopper/store'

interface Metric {
  readonly count: number
  readonly timeStamp: number
}

/** Topics counted. Past it new ones are not. */
const TOPICS_MAX = 100_000

/** How many half messages of each topic are undecided (Apache: TransactionMetrics). */
export class TransactionMetrics {
  readonly #clock: Clock
  readonly #file: StateFile
  readonly #counts: Map<string, Metric>
  #dataVersion: DataVersion
  #dirty = false

  constructor(clock: Clock, file: StateFile, saved: TransactionMetricsBody | undefined) {
    this.#clock = clock
    this.#file = file
    this.#counts = new Map(saved?.transactionCount ?? [])
    this.#dataVersion = saved?.dataVersion ?? { counter: 0, stateVersion: 0, timestamp: clock.now() }
  }

  count(topic: string): number {
    return this.#counts.get(topic)?.count ?? 0
  }

  add(topic: string, change: number): void {
    if (!this.#counts.has(topic) && this.#counts.size >= TOPICS_MAX) return
    const timeStamp = this.#clock.now()
    this.#counts.set(topic, { count: this.count(topic) + change, timeStamp })
    const { counter, stateVersion } = this.#dataVersion
    this.#dataVersion = { counter: counter + 1, stateVersion, timestamp: timeStamp }
    this.#dirty = true
  }

  async persist(): Promise<void> {
    if (!this.#dirty) return
    this.#dirty = false
    try {
      const body = { dataVersion: this.#dataVersion, transactionCount: this.#counts }
      await this.#file.save(TransactionMetricsBody.encode(body).toString())
    } catch (error) {
      this.#dirty = true
      throw error
    }
  }
}
