import type { ItemState } from '@rockhopper/seckill-contracts'

export type Passage = 'open' | 'sold-out' | 'full'

/**
 * Whether another request for an item is let in: not when the worker said that it is sold out, and not when
 * more than `multiple` times the stock stand in line already. A win given back opens it again.
 */
export class Gate {
  readonly #multiple: number
  #state: ItemState
  #admitted = 0

  constructor(state: ItemState, multiple: number) {
    this.#state = state
    this.#multiple = multiple
  }

  get state(): ItemState {
    return this.#state
  }

  get admitted(): number {
    return this.#admitted
  }

  /** States come in any order; an older one changes nothing. */
  learn(state: ItemState): void {
    if (state.version > this.#state.version) this.#state = state
  }

  passage(): Passage {
    if (this.#state.remaining === 0) return 'sold-out'
    const waiting = this.#admitted - this.#state.released
    return waiting >= this.#multiple * this.#state.stock ? 'full' : 'open'
  }

  admit(): void {
    this.#admitted++
  }

  /** The broker did not take the request of one that was admitted. */
  withdraw(): void {
    this.#admitted--
  }
}
