import type { Cancel, Clock } from './env.js'

/** Work that may take until `at`. */
export interface Deadline {
  /** On the monotonic clock, ms; set by `Deadlines`. */
  at: number
  /** Its time is over. */
  passed(): void
}

/**
 * Deadlines of work that mostly ends in time, on one timer: one for each cost as much as the work. No timer
 * runs while nothing is under way.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #open = new Set<Deadline>()
  #timer: { readonly at: number; readonly cancel: Cancel } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `passed` is called once, not before `timeoutMs` passed, unless the work ends before. Returns now. */
  begin(deadline: Deadline, timeoutMs: number): number {
    const now = this.#clock.monotonic()
    deadline.at = now + timeoutMs
    this.#open.add(deadline)
    this.#wakeAt(deadline.at, now)
    return now
  }

  /** Another end, `timeoutMs` from now. Nothing happens to work that has ended. */
  extend(deadline: Deadline, timeoutMs: number): void {
    if (this.#open.has(deadline)) this.begin(deadline, timeoutMs)
  }

  /** The work has ended. */
  end(deadline: Deadline): void {
    this.#open.delete(deadline)
    if (this.#open.size === 0) this.#endTimer()
  }

  /** Ends the time of all of them now. */
  passAll(): void {
    const all = [...this.#open]
    this.#open.clear()
    this.#endTimer()
    for (const deadline of all) deadline.passed()
  }

  #wakeAt(at: number, now: number): void {
    if (this.#timer !== undefined && this.#timer.at <= at) return
    this.#timer?.cancel()
    this.#timer = { at, cancel: this.#clock.after(Math.max(0, at - now), () => this.#wake()) }
  }

  /** The one it was set for may have ended or moved: then it is set again for the next one. */
  #wake(): void {
    this.#timer = undefined
    const now = this.#clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const deadline of [...this.#open]) {
      if (!this.#open.has(deadline)) continue
      if (deadline.at <= now) {
        this.#open.delete(deadline)
        deadline.passed()
      } else next = Math.min(next, deadline.at)
    }
    if (this.#open.size > 0 && next < Number.POSITIVE_INFINITY) this.#wakeAt(next, now)
  }

  #endTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
