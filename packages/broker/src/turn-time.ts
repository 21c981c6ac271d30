import type { Clock } from '@rockhopper/env'

/** Ms that one piece of background work may hold the loop: sockets and other timers wait so long. */
const HELD_MAX_MS = 5

/**
 * Long work in pieces by time: what its awaits wait for may all be in memory already, and then they let
 * nobody else run.
 */
export class TurnTime {
  readonly #clock: Clock
  #began: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#began = clock.monotonic()
  }

  /** Goes on at once, or in the next turn of the loop when this one was held long enough. */
  async pause(): Promise<void> {
    if (this.#clock.monotonic() - this.#began < HELD_MAX_MS) return
    await new Promise<void>((resolve) => this.#clock.endOfTurn(resolve))
    this.#began = this.#clock.monotonic()
  }
}
