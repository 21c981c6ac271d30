/** A hash over everything that happens in a world, in order (two 32-bit FNV-1a with different starts). */
export class Trace {
  #low = 0x811c9dc5
  #high = 0x01234567
  #count = 0
  readonly #onLine: ((line: string) => void) | undefined

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine
  }

  /** How many things happened. */
  get count(): number {
    return this.#count
  }

  get digest(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }

  note(line: string): void {
    this.#count++
    this.#onLine?.(line)
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i)
      this.#low = Math.imul(this.#low ^ code, 0x01000193)
      this.#high = Math.imul(this.#high ^ (code + i), 0x01000193)
    }
  }
}
