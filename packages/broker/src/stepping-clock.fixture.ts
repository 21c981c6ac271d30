import type { Cancel, Clock } from '@rockhopper/env'
import { callsUnderWay } from './counted-disk.fixture.js'

interface Timer {
  readonly due: number
  readonly run: () => void
}

/** A clock that stands still until a test moves it. Turns of the loop are the real ones. */
export class SteppingClock implements Clock {
  readonly #turns: Clock
  readonly #timers = new Set<Timer>()
  #wall = 1_700_000_000_000
  #monotonic = 1_000

  constructor(turns: Clock) {
    this.#turns = turns
  }

  now(): number {
    return this.#wall
  }

  monotonic(): number {
    return this.#monotonic
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer: Timer = { due: this.#monotonic + delayMs, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  endOfTurn(run: () => void): void {
    this.#turns.endOfTurn(run)
  }

  /** Moves on by `ms`, stopping at each timer, and lets what it started come to rest. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#move(next.due)
      this.#timers.delete(next)
      next.run()
      await turnsOfTheLoop()
    }
    this.#move(end)
    await turnsOfTheLoop()
  }

  /** Lets time pass within a call: the disk was slow. */
  skip(ms: number): void {
    this.#move(this.#monotonic + ms)
  }

  /** Lets time pass until the promise settles: for what polls, like closing a server. */
  async during<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    promise.then(
      () => (settled = true),
      () => (settled = true),
    )
    while (!settled) await this.advance(10)
    return promise
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.due <= end)
    return due.sort((a, b) => a.due - b.due)[0]
  }

  #move(to: number): void {
    this.#wall += to - this.#monotonic
    this.#monotonic = to
  }
}

/** Enough turns for bytes to cross the loopback and come back, and the real disk at rest, however slow. */
export async function turnsOfTheLoop(): Promise<void> {
  do {
    for (let i = 0; i < 20; i++) await new Promise<void>((resolve) => setImmediate(resolve))
  } while (callsUnderWay() > 0)
}
