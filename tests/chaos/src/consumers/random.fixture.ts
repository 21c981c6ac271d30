/** Numbers from 0 up to 1 that a seed repeats (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Of ROCKHOPPER_SEED, or a new one. Printed: a failure can be looked at again. */
export function seedOf(what: string): number {
  const seed = Number(process.env['ROCKHOPPER_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  process.stderr.write(`${what}: ROCKHOPPER_SEED=${seed}\n`)
  return seed
}
