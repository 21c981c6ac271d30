/** What was started, to be stopped in the opposite order, each part once. */
export class StopList {
  readonly #stops: (() => Promise<void>)[] = []
  #stopping: Promise<void> | undefined

  /** Returns a function that stops this part; later calls of it and of `stop` share the outcome. */
  add(stop: () => Promise<void>): () => Promise<void> {
    let stopping: Promise<void> | undefined
    const once = (): Promise<void> => {
      stopping ??= stop()
      return stopping
    }
    this.#stops.push(once)
    return once
  }

  /** Stops everything, also after a part failed to stop; then rejects with the first failure. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  async #stopAll(): Promise<void> {
    const failures: unknown[] = []
    for (const stop of this.#stops.reverse()) {
      const [outcome] = await Promise.allSettled([stop()])
      if (outcome.status === 'rejected') failures.push(outcome.reason)
    }
    if (failures.length > 0) throw failures[0]
  }
}
