/** The newest ids of a queue, at most `countMax`: a repeat that comes later than that is not noticed. */
export class RecentIds {
  readonly #countMax: number
  /** In the order of their coming: a Set keeps it. */
  #ids = new Set<string>()

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  /** Those that were not seen before, each once. Changes nothing: they may fail to be kept. */
  unseen<T extends { readonly id: string }>(lines: readonly T[]): T[] {
    const here = new Set<string>()
    return lines.filter(({ id }) => {
      if (this.#ids.has(id) || here.has(id)) return false
      here.add(id)
      return true
    })
  }

  addNewer(lines: readonly { readonly id: string }[]): void {
    for (const { id } of lines) this.#ids.add(id)
    for (const oldest of this.#ids) {
      if (this.#ids.size <= this.#countMax) break
      this.#ids.delete(oldest)
    }
  }

  /** For a window that is filled from the newest file backwards. */
  addOlder(ids: readonly string[]): void {
    this.#ids = new Set([...ids, ...this.#ids].slice(-this.#countMax))
  }
}
