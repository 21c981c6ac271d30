/**
 * Listeners by event name. May be registered at any time; a listener that throws does not stop the others.
 */
export class Listeners<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(...args: never[]) => unknown>>()
  readonly #failed: (error: unknown) => void

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  add(event: keyof Events, listener: (...args: never[]) => unknown): void {
    const set = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, set.add(listener))
  }

  /** Whether somebody listens: who has to make something up for them can leave it. */
  has(event: keyof Events): boolean {
    return this.#listeners.has(event)
  }

  tell<Name extends keyof Events>(
    event: Name,
    ...args: Events[Name] extends (...args: infer A) => unknown ? A : never
  ): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        ;(listener as (...args: unknown[]) => unknown)(...args)
      } catch (error) {
        this.#failed(error)
      }
    }
  }
}
