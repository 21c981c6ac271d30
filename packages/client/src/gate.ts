/** A door that loops pass one by one: open lets them through, closed makes them wait. Starts open. */
export class Gate {
  #opened: Promise<void> | undefined
  #open: (() => void) | undefined

  get isOpen(): boolean {
    return this.#opened === undefined
  }

  close(): void {
    this.#opened ??= new Promise((resolve) => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#open?.()
    this.#open = undefined
    this.#opened = undefined
  }

  /** Resolves at once while open, else at the next `open`. */
  async passed(): Promise<void> {
    await this.#opened
  }
}
