/** Lets `perSecond` calls through in a second, and as many at once after a pause. */
export class TokenBucket {
  readonly #perSecond: number
  #tokens: number
  #at: number

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#tokens = perSecond
    this.#at = now
  }

  /** 0 when the call is let through, else ms until one will be. `now` is in ms. */
  take(now: number): number {
    const passed = Math.max(0, now - this.#at)
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (passed * this.#perSecond) / 1_000)
    this.#at = now
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1_000) / this.#perSecond)
    this.#tokens--
    return 0
  }
}
