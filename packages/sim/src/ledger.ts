/** What a check of a `Ledger` found wrong; everything empty means nothing is. Each line names a place. */
export interface Verdict {
  /** Acknowledged, and not there. */
  readonly lost: readonly string[]
  /** Acknowledged, and something else is there. */
  readonly changed: readonly string[]
  /** There, and never offered. */
  readonly phantoms: readonly string[]
  /** There more often than it was offered. */
  readonly repeated: readonly string[]
}

/**
 * The acknowledged set: what was offered to a store, and where the store said that it is. What was offered
 * and not acknowledged may be there or not. A content is a text that is offered once.
 */
export class Ledger {
  readonly #offered = new Map<string, number>()
  readonly #acknowledged = new Map<string, string>()

  /** `countMax`: how often it may be found; at-least-once delivery has no limit. */
  offer(content: string, countMax = 1): void {
    this.#offered.set(content, countMax)
  }

  /** The store says that `content` is at `place`. */
  acknowledge(content: string, place: string): void {
    this.#acknowledged.set(place, content)
  }

  /** Contents by place. */
  get acknowledged(): ReadonlyMap<string, string> {
    return this.#acknowledged
  }

  /** Compares with all that can be read, by place. */
  judge(found: ReadonlyMap<string, string>): Verdict {
    const verdict = { lost: [] as string[], changed: [] as string[], phantoms: [] as string[] }
    for (const [place, content] of this.#acknowledged) {
      const there = found.get(place)
      if (there === undefined) verdict.lost.push(place)
      else if (there !== content) verdict.changed.push(place)
    }
    const counts = new Map<string, number>()
    const repeated: string[] = []
    for (const [place, content] of found) {
      const count = (counts.get(content) ?? 0) + 1
      counts.set(content, count)
      const countMax = this.#offered.get(content)
      if (countMax === undefined) verdict.phantoms.push(place)
      else if (count > countMax) repeated.push(place)
    }
    return { ...verdict, repeated }
  }
}
