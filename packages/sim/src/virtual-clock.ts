import { type Cancel, type Clock, createNodeEnv } from '@rockhopper/env'

/** Fires when the microtask queue is empty: the one thing a simulated turn takes from the real loop. */
const REAL_TURN = createNodeEnv().clock

/** A pool has four threads, as libuv's: any of the first four jobs may be the next to end. */
const POOL_THREADS = 4

const START = 1_700_000_000_000

interface Timer {
  readonly at: number
  readonly run: () => void
  live: boolean
}

export interface VirtualClockOptions {
  /** Chooses which of the pool's jobs ends next. Without it they end in their order. */
  readonly random?: () => number
  /** Wall clock at the start, ms since 1970. */
  readonly wall?: number
}

/**
 * Time stands still until somebody moves it with `pass`, `until` or `run`. A turn ends when the microtask
 * queue is empty; no real timer runs.
 */
export class VirtualClock implements Clock {
  /** Wall clock in ms since 1970; a test may make it jump. */
  wall: number
  #monotonic = 0
  #turn: (() => void)[] = []
  /** By due time; equal times in order of registration. */
  #timers: Timer[] = []
  readonly #random: (() => number) | undefined
  /** Pooled calls that are not done yet, in order. A test may take some out to keep them from ending. */
  readonly pool: (() => void)[] = []

  constructor({ random, wall = START }: VirtualClockOptions = {}) {
    this.#random = random
    this.wall = wall
  }

  now(): number {
    return Math.floor(this.wall)
  }

  monotonic(): number {
    return this.#monotonic
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer: Timer = { at: this.#monotonic + Math.max(0, delayMs), run, live: true }
    this.#timers.splice(this.#placeOf(timer.at), 0, timer)
    return () => {
      if (!timer.live) return
      timer.live = false
      this.#timers.splice(this.#timers.indexOf(timer), 1)
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

  /** Runs promises, ends of turns and pooled calls until nothing is left or `until` holds. No time passes. */
  async settle(until: () => boolean = () => false): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => REAL_TURN.endOfTurn(resolve))
      if (until()) return
      const turn = this.#turn.splice(0)
      for (const run of turn) run()
      if (turn.length > 0) continue
      const job = this.#nextJob()
      if (job === undefined) return
      job()
    }
  }

  /** Lets time pass, firing timers in their order. */
  async pass(ms: number): Promise<void> {
    const target = this.#monotonic + ms
    do await this.settle()
    while (this.#fireNext(target))
    this.skip(target - this.#monotonic)
  }

  /** Waits for a promise while everything it may depend on runs. Timers do not fire. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const settled = watch(promise)
    await this.settle(settled)
    if (!settled()) throw new Error('nothing is left to run, and the promise is still pending')
    return promise
  }

  /** Waits for a promise and lets the time pass that it takes, at most `limitMs`. */
  async run<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    const settled = watch(promise)
    const target = this.#monotonic + limitMs
    for (;;) {
      await this.settle(settled)
      if (settled()) return promise
      if (!this.#fireNext(target))
        throw new Error(`the promise is still pending after ${limitMs} ms, or nothing is left to happen`)
    }
  }

  /** Fires the next timer that is due by `target`. */
  #fireNext(target: number): boolean {
    const next = this.#timers[0]
    if (next === undefined || next.at > target) return false
    this.#timers.shift()
    next.live = false
    this.skip(Math.max(0, next.at - this.#monotonic))
    next.run()
    return true
  }

  #nextJob(): (() => void) | undefined {
    if (this.#random === undefined || this.pool.length < 2) return this.pool.shift()
    const chosen = Math.floor(this.#random() * Math.min(POOL_THREADS, this.pool.length))
    return this.pool.splice(chosen, 1)[0]
  }

  #placeOf(at: number): number {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#timers[middle] as Timer).at <= at) low = middle + 1
      else high = middle
    }
    return low
  }
}

function watch(promise: Promise<unknown>): () => boolean {
  let settled = false
  const mark = () => {
    settled = true
  }
  promise.then(mark, mark)
  return () => settled
}
