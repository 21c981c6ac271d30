import type { Cancel, Clock, Log } from '@rockhopper/env'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** A clock that stands still until the test moves it. */
export class VirtualClock implements Clock {
  #now = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer = { at: this.#now + delayMs, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  endOfTurn(run: () => void): void {
    queueMicrotask(run)
  }

  get pending(): number {
    return this.#timers.size
  }

  /** Moves time on, timer by timer, and lets promises run behind each. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await settle()
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.run()
      await settle()
    }
    this.#now = until
  }
}

/** Lets everything that waits for nothing but promises run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

export const SILENT: Log = { info: () => {}, warn: () => {}, error: () => {} }
