interface Waiting {
  readonly run: () => Promise<unknown>
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** Runs scenarios in the order they were added, a few at a time, from `start()` on. */
export class ScenarioQueue {
  readonly #concurrency: number
  readonly #waiting: Waiting[] = []

  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  /** The outcome of a scenario that may run much later. */
  add(run: () => Promise<unknown>): Promise<void> {
    const outcome = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ run, resolve, reject })
    })
    // Its test looks at it later; until then a failure is not an unhandled one.
    outcome.catch(() => undefined)
    return outcome
  }

  start(): void {
    for (let i = 0; i < this.#concurrency; i++) void this.#work()
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await next.run().then(next.resolve, next.reject)
    }
  }
}
