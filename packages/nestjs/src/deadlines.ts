import type { Cancel, Clock } from '@rockhopper/env'

/** A moment that can be moved. */
export interface Deadline {
  /** `byMs` from now on. */
  extend(byMs: number): void
  cancel(): void
}

/**
 * The deadlines of all deliveries of a server, on one timer: one for each message cost as much as the rest of
 * its delivery. No timer runs while nothing is under way.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #open = new Set<OpenDeadline>()
  #timer: { readonly at: number; readonly cancel: Cancel } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `passed` once, not before `timeoutMs` passed, unless it is cancelled before. */
  start(timeoutMs: number, passed: () => void): Deadline {
    const deadline = new OpenDeadline(this, this.#clock.monotonic() + timeoutMs, passed)
    this.#open.add(deadline)
    this.#wakeAt(deadline.at)
    return deadline
  }

  /** For deadlines: another moment. Nothing happens to one that has ended. */
  move(deadline: OpenDeadline, byMs: number): void {
    deadline.at = this.#clock.monotonic() + byMs
    if (this.#open.has(deadline)) this.#wakeAt(deadline.at)
  }

  /** For deadlines: it no longer counts. */
  end(deadline: OpenDeadline): void {
    this.#open.delete(deadline)
    if (this.#open.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #wakeAt(at: number): void {
    if (this.#timer !== undefined && this.#timer.at <= at) return
    this.#timer?.cancel()
    const delayMs = Math.max(0, at - this.#clock.monotonic())
    this.#timer = { at, cancel: this.#clock.after(delayMs, () => this.#wake()) }
  }

  /** The one it was set for may have ended or moved: then it is set again for the next one. */
  #wake(): void {
    this.#timer = undefined
    const now = this.#clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const deadline of [...this.#open]) {
      if (deadline.at <= now) {
        this.#open.delete(deadline)
        deadline.passed()
      } else next = Math.min(next, deadline.at)
    }
    if (next < Number.POSITIVE_INFINITY) this.#wakeAt(next)
  }
}

class OpenDeadline implements Deadline {
  at: number
  readonly passed: () => void
  readonly #all: Deadlines

  constructor(all: Deadlines, at: number, passed: () => void) {
    this.#all = all
    this.at = at
    this.passed = passed
  }

  extend(byMs: number): void {
    this.#all.move(this, byMs)
  }

  cancel(): void {
    this.#all.end(this)
  }
}
