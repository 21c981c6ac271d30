/** Repeatable chance for property tests. The seed is printed; ROCKHOPPER_SEED gives it back. */
export interface SeededRandom {
  readonly seed: number
  below(bound: number): number
  pick<T>(items: readonly T[]): T
  bytes(size: number): Buffer
}

export function seededRandom(
  seed = Number(process.env['ROCKHOPPER_SEED'] ?? Date.now() % 2 ** 31),
): SeededRandom {
  process.stderr.write(`seed ${seed}\n`)
  let state = seed >>> 0
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (bound: number) => next() % bound
  return {
    seed,
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    bytes: (size) => Buffer.from(Array.from({ length: size }, () => below(256))),
  }
}
