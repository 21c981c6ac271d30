const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const EVERY_MS = 60_000

/**
 * Tells how far a long run is, once a minute and at its end, on standard error: a run that is cut off has
 * said something by then. The short sizes tell only the end.
 */
export class Totals {
  readonly #name: string
  readonly #began = performance.now()
  #toldAt = performance.now()

  constructor(name: string) {
    this.#name = name
  }

  /** `text` says what was done so far. */
  step(text: () => string): void {
    if (!LONG || performance.now() - this.#toldAt < EVERY_MS) return
    this.#tell(`so far: ${text()}`)
  }

  end(text: string): void {
    this.#tell(text)
  }

  #tell(text: string): void {
    this.#toldAt = performance.now()
    const seconds = (this.#toldAt - this.#began) / 1_000
    process.stderr.write(`${this.#name}: ${text}, ${seconds.toFixed(0)} s\n`)
  }
}
