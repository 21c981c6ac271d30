import type { Clock } from '@rockhopper/env'

/** Time that stands still unless it is moved; what is due runs, and what that leads to. */
export class SteppedClock implements Clock {
  #now = 1_000_000
  readonly timers = new Map<object, { readonly at: number; readonly run: () => void }>()

  now = () => this.#now
  monotonic = () => this.#now
  endOfTurn = (run: () => void) => run()

  after(delayMs: number, run: () => void): () => void {
    const key = {}
    this.timers.set(key, { at: this.#now + delayMs, run })
    return () => this.timers.delete(key)
  }

  async advance(byMs: number): Promise<void> {
    // What is under way may set a timer first.
    await settled()
    const end = this.#now + byMs
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end)
      const [next] = due.sort(([, a], [, b]) => a.at - b.at)
      if (next === undefined) break
      const [key, { at, run }] = next
      this.timers.delete(key)
      this.#now = at
      run()
      await settled()
    }
    this.#now = end
  }
}

/** What is under way and waits for no clock has ended, databases in memory included. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}
