import type { Cancel, Clock } from '@rockhopper/env'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Time stands still until `pass`; a turn ends when nothing is left to run. */
export class VirtualClock implements Clock {
  wall = 1_700_000_000_000
  #monotonic = 0
  #turn: (() => void)[] = []
  #timers: Timer[] = []
  /** Pooled calls of the disk that are not done yet, in order. */
  readonly pool: (() => void)[] = []

  now(): number {
    return this.wall
  }

  monotonic(): number {
    return this.#monotonic
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer = { at: this.#monotonic + delayMs, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  endOfTurn(run: () => void): void {
    this.#turn.push(run)
  }

  get timerCount(): number {
    return this.#timers.length
  }

  /** Lets time pass within a call: the disk was slow. */
  skip(ms: number): void {
    this.#monotonic += ms
    this.wall += ms
  }

  /** Runs promises, ends of turns and pooled calls until nothing is left, or `until` holds. */
  async settle(until: () => boolean = () => false): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      if (until()) return
      const turn = this.#turn.splice(0)
      for (const run of turn) run()
      if (turn.length > 0) continue
      const pooled = this.pool.shift()
      if (pooled === undefined) return
      pooled()
    }
  }

  /** Lets time pass, firing timers in their order. */
  async pass(ms: number): Promise<void> {
    const target = this.#monotonic + ms
    for (;;) {
      await this.settle()
      const next = this.#timers.filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.skip(Math.max(0, next.at - this.#monotonic))
      next.run()
    }
    this.skip(target - this.#monotonic)
  }

  /** Waits for a promise while everything it may depend on runs. Timers do not fire. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const mark = () => {
      settled = true
    }
    promise.then(mark, mark)
    await this.settle(() => settled)
    if (!settled) throw new Error('nothing is left to run, and the promise is still pending')
    return promise
  }
}

/** A small seeded generator (mulberry32): the same seed gives the same run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
