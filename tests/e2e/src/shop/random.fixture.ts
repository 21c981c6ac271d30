/** Mulberry32: small, seeded, good enough to choose what happens next. */
export class Random {
  readonly seed: number
  #state: number

  /** The seed is ROCKHOPPER_SEED, or a new one; it is printed, so that a failure can be run again. */
  constructor(seed = Number(process.env['ROCKHOPPER_SEED'] ?? Math.floor(Math.random() * 2 ** 31))) {
    this.seed = seed
    this.#state = seed
    process.stderr.write(`      ROCKHOPPER_SEED=${seed}\n`)
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** Takes one out of the list. */
  take<T>(list: T[]): T {
    const [one] = list.splice(this.below(list.length), 1)
    if (one === undefined) throw new RangeError('an empty list')
    return one
  }
}
