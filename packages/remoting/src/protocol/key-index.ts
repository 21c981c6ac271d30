/**
 * A perfect hash over a handful of field names, made once from the command table: name bytes in a frame to
 * the index of the field, without making a string.
 */
export class KeyIndex {
  readonly #names: readonly Buffer[]
  readonly #slots = new Int16Array(SLOT_COUNT).fill(-1)
  readonly #seed: number

  constructor(names: readonly string[]) {
    this.#names = names.map((name) => Buffer.from(name, 'utf8'))
    this.#seed = findSeed(this.#names)
    this.#names.forEach((name, index) => {
      this.#slots[slotOf(name, 0, name.length, this.#seed)] = index
    })
  }

  /** Index of the name that lies at [start, end), or -1. */
  find(bytes: Buffer, start: number, end: number): number {
    const index = this.#slots[slotOf(bytes, start, end, this.#seed)] as number
    if (index < 0) return -1
    const name = this.#names[index] as Buffer
    if (name.length !== end - start) return -1
    for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return -1
    return index
  }
}

const SLOT_COUNT = 256
const SEEDS_MAX = 100_000

function slotOf(bytes: Buffer, start: number, end: number, seed: number): number {
  const size = end - start
  if (size === 0) return 0
  const first = bytes[start] as number
  const middle = bytes[start + (size >> 1)] as number
  const last = bytes[end - 1] as number
  const mixed = Math.imul(size + (first << 8) + (middle << 16) + (last << 24), seed)
  return (mixed >>> 16) & (SLOT_COUNT - 1)
}

/** Odd multipliers in order, so that every process finds the same one. */
function findSeed(names: readonly Buffer[]): number {
  for (let seed = 0x9e37_79b1; seed < 0x9e37_79b1 + SEEDS_MAX; seed += 2) {
    if (new Set(names.map((name) => slotOf(name, 0, name.length, seed))).size === names.length) return seed
  }
  throw new Error('no perfect hash: two names agree in length, first, middle and last byte')
}
