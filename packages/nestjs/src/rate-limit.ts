import type { Clock } from '@rockhopper/env'

/**
 * Lets `count` begin in any window of `perMs`; the others wait for their turn in order. Nobody is refused, so
 * the waiting is bounded by the consumer's own concurrency.
 */
export class RateLimit {
  readonly #clock: Clock
  readonly #count: number
  readonly #perMs: number
  /** When the last `count` began, oldest first; in the future for those that wait. */
  readonly #begun: number[] = []

  constructor(clock: Clock, { count, perMs }: { readonly count: number; readonly perMs: number }) {
    this.#clock = clock
    this.#count = count
    this.#perMs = perMs
  }

  async turn(): Promise<void> {
    const now = this.#clock.monotonic()
    const first = this.#begun.length < this.#count ? undefined : this.#begun.shift()
    const at = first === undefined ? now : Math.max(now, first + this.#perMs)
    this.#begun.push(at)
    if (at > now) await new Promise<void>((resolve) => this.#clock.after(at - now, resolve))
  }
}
