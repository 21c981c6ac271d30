import type { Clock } from '@rockhopper/env'

/** From this latency on (ms), a broker is left alone for that long (Apache 5: MQFaultStrategy). */
const PAUSES = [
  { latencyMs: 15_000, pauseMs: 30_000 },
  { latencyMs: 5_000, pauseMs: 10_000 },
  { latencyMs: 3_000, pauseMs: 6_000 },
  { latencyMs: 1_800, pauseMs: 5_000 },
  { latencyMs: 550, pauseMs: 2_000 },
] as const
/** What an attempt without an answer counts as. */
const FAILED_LATENCY_MS = 10_000

interface Row {
  readonly latencyMs: number
  /** Monotonic ms until which the broker is left alone. */
  readonly until: number
}

/** How long brokers took to answer, and which of them should be left alone for a while. */
export class BrokerLatencies {
  readonly #clock: Clock
  /** By broker name; a route never names more than a few. */
  readonly #rows = new Map<string, Row>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  answered(brokerName: string, latencyMs: number): void {
    const pauseMs = PAUSES.find((row) => latencyMs >= row.latencyMs)?.pauseMs ?? 0
    this.#rows.set(brokerName, { latencyMs, until: this.#clock.monotonic() + pauseMs })
  }

  failed(brokerName: string): void {
    this.answered(brokerName, FAILED_LATENCY_MS)
  }

  /** Of these brokers those that answer quickly; if none does, the one that was quickest last. */
  usable(brokerNames: readonly string[]): ReadonlySet<string> {
    const now = this.#clock.monotonic()
    const quick = brokerNames.filter((name) => (this.#rows.get(name)?.until ?? 0) <= now)
    if (quick.length > 0) return new Set(quick)
    const latencyOf = (name: string) => this.#rows.get(name)?.latencyMs ?? 0
    const [best] = brokerNames.toSorted((a, b) => latencyOf(a) - latencyOf(b))
    return new Set(best === undefined ? [] : [best])
  }
}
