/** A seeded generator for random tests (mulberry32): a failure prints its seed. */
export interface SeededRandom {
  readonly seed: number
  int(below: number): number
  bytes(size: number): Buffer
  text(lengthMax: number): string
}

export function seededRandom(seed: number = (Math.random() * 2 ** 31) | 0): SeededRandom {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
  const int = (below: number): number => next() % below
  const letters = 'abcXYZ019_-%|. é世'
  return {
    seed,
    int,
    bytes: (size) => Buffer.from(Array.from({ length: size }, () => int(256))),
    text: (lengthMax) =>
      Array.from({ length: 1 + int(lengthMax) }, () => letters[int(letters.length)]).join(''),
  }
}

/** Runs `check` for many seeds; what it throws says which seed it was. */
export function forSeeds(count: number, check: (random: SeededRandom) => void): void {
  const first = (Math.random() * 2 ** 31) | 0
  for (let i = 0; i < count; i++) {
    try {
      check(seededRandom(first + i))
    } catch (error) {
      throw new Error(`seed ${first + i}`, { cause: error })
    }
  }
}
