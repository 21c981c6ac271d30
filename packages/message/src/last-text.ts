/** The string of bytes that are mostly those of the last call: then it is that string, not a new one. */
export class LastText {
  #text = ''
  #bytes: Uint8Array = Buffer.alloc(0)

  /** The UTF-8 text of `size` bytes from `at` on. */
  text(bytes: Buffer, at: number, size: number): string {
    const last = this.#bytes
    let same = size === last.length
    for (let i = 0; same && i < size; i++) same = bytes[at + i] === last[i]
    if (same) return this.#text
    this.#bytes = Buffer.from(bytes.subarray(at, at + size))
    this.#text = bytes.toString('utf8', at, at + size)
    return this.#text
  }
}
