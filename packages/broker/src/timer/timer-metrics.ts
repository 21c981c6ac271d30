import type { Clock } from '@rockhopper/env'
import type { StateFile } from '@rockhopper/store'

interface TopicCount {
  count: number
  timeStamp: number
}

interface Saved {
  readonly timingCount?: Readonly<Record<string, { readonly count?: unknown; readonly timeStamp?: unknown }>>
  readonly dataVersion?: { readonly counter?: unknown; readonly timestamp?: unknown }
}

/**
 * How many messages wait for each topic: the file `config/timermetrics` and the body of code 61 (Apache:
 * TimerMetrics). The wheel knows better; this is for tools.
 */
export class TimerMetrics {
  readonly #clock: Clock
  readonly #file: StateFile
  readonly #counts = new Map<string, TopicCount>()
  #counter = 0
  #timestamp: number
  #savedCounter = 0

  /** A file that cannot be read counts as none: Apache writes it without a copy beside it. */
  constructor(clock: Clock, file: StateFile) {
    this.#clock = clock
    this.#file = file
    this.#timestamp = clock.now()
    const saved = file.load((text) => JSON.parse(text) as Saved | null)
    for (const [topic, { count, timeStamp }] of Object.entries(saved?.timingCount ?? {})) {
      this.#counts.set(topic, { count: numberOr(count, 0), timeStamp: numberOr(timeStamp, 0) })
    }
    this.#counter = this.#savedCounter = numberOr(saved?.dataVersion?.counter, 0)
    this.#timestamp = numberOr(saved?.dataVersion?.timestamp, this.#timestamp)
  }

  add(topic: string, change: number): void {
    const known = this.#counts.get(topic) ?? { count: 0, timeStamp: 0 }
    known.count += change
    known.timeStamp = this.#timestamp = this.#clock.now()
    this.#counts.set(topic, known)
    this.#counter++
  }

  of(topic: string): number {
    return this.#counts.get(topic)?.count ?? 0
  }

  encode(): Buffer {
    const dataVersion = { counter: this.#counter, stateVersion: 0, timestamp: this.#timestamp }
    return Buffer.from(JSON.stringify({ dataVersion, timingCount: Object.fromEntries(this.#counts) }))
  }

  async persist(): Promise<void> {
    const counter = this.#counter
    if (counter === this.#savedCounter) return
    await this.#file.save(this.encode().toString())
    this.#savedCounter = counter
  }
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : fallback
}
