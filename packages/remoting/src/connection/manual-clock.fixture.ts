import type { Cancel, Clock } from '@rockhopper/env'

/** A clock that stands still until a test moves it. Turns of the loop end inside `settle` and `advance`. */
export class ManualClock implements Clock {
  #time = 1_000
  #timers: { due: number; run: () => void }[] = []
  #turnEnds: (() => void)[] = []

  now(): number {
    return 1_700_000_000_000 + this.#time
  }

  monotonic(): number {
    return this.#time
  }

  /** Timers that wait. */
  get timerCount(): number {
    return this.#timers.length
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer = { due: this.#time + delayMs, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  endOfTurn(run: () => void): void {
    this.#turnEnds.push(run)
  }

  /** Ends turns until nothing more happens at this instant. */
  async settle(): Promise<void> {
    do {
      const ends = this.#turnEnds
      this.#turnEnds = []
      for (const run of ends) run()
      await new Promise<void>((resolve) => setImmediate(resolve))
    } while (this.#turnEnds.length > 0)
  }

  /** Moves time forward, timer by timer. */
  async advance(ms: number): Promise<void> {
    const until = this.#time + ms
    await this.settle()
    for (;;) {
      const next = this.#timers.filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#time = Math.max(this.#time, next.due)
      next.run()
      await this.settle()
    }
    this.#time = until
  }
}
