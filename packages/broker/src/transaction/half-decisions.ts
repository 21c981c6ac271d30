/** Where a half message lies now: a check stores it again. */
export interface HalfPlace {
  readonly queueOffset: number
  readonly physicalOffset: number
}

/** The right to decide, given to the first who asks. */
export interface Decision {
  /** Undefined when the half message was never stored again: it lies where the request says. */
  readonly place: HalfPlace | undefined
  /** The decision is stored. */
  done(): void
  /** It could not be stored; somebody else may decide. */
  giveUp(): void
}

interface Chain {
  place: HalfPlace
  /** Every queue offset the half message ever had. */
  readonly offsets: number[]
  discarded: boolean
}

/** Earlier queue offsets of half messages that were stored again. Past it the oldest are forgotten. */
const RENEWED_MAX = 200_000

/**
 * Which half messages are decided. The first decision wins: whoever comes later, under whichever of the
 * offsets the message had, is told that it is settled. Offsets are queue offsets in the half topic. What lies
 * below the progress of the check and is not known to have been stored again is settled.
 */
export class HalfDecisions {
  readonly #decided = new Set<number>()
  readonly #deciding = new Set<number>()
  readonly #chains = new Map<number, Chain>()
  readonly #note: (queueOffset: number) => void
  #progress = 0
  #renewing: { readonly queueOffset: number; readonly ended: Promise<void> } | undefined

  /**
   * `note` is called for each place that is settled, to keep it in the op queue: decided, or stored again. A
   * broker that crashes before its progress is saved would else ask about both places, and store both again:
   * twice as many with each crash.
   */
  constructor(note: (queueOffset: number) => void) {
    this.#note = note
  }

  /** Half messages below it are decided, stored again or discarded. */
  get progress(): number {
    return this.#progress
  }

  stateOf(queueOffset: number): 'open' | 'deciding' | 'decided' {
    if (this.#decided.has(queueOffset)) return 'decided'
    return this.#deciding.has(queueOffset) ? 'deciding' : 'open'
  }

  /** Found in the op queue. */
  load(queueOffset: number): void {
    if (queueOffset >= this.#progress) this.#decided.add(queueOffset)
  }

  /** Resolves when the half message is not being stored again at this moment. */
  async settledPlace(queueOffset: number): Promise<void> {
    while (this.#renewing !== undefined && this.#renewing.queueOffset === this.#now(queueOffset)) {
      await this.#renewing.ended
    }
  }

  /** Undefined when it is settled. To be called after `settledPlace`, in the same step. */
  begin(queueOffset: number): Decision | undefined {
    const chain = this.#chains.get(queueOffset)
    const now = chain?.place.queueOffset ?? queueOffset
    if (chain === undefined && now < this.#progress) return undefined
    if (this.stateOf(now) !== 'open') return undefined
    this.#deciding.add(now)
    return {
      place: chain?.place,
      done: () => {
        this.#deciding.delete(now)
        if (chain !== undefined) this.#forget(chain)
        if (chain?.discarded === true) return
        for (const offset of chain?.offsets ?? [now]) if (offset >= this.#progress) this.#decided.add(offset)
        this.#note(now)
      },
      giveUp: () => void this.#deciding.delete(now),
    }
  }

  /**
   * The half message is being stored again; `stored` tells where, or undefined when it stays. Until then
   * nobody decides.
   */
  async renew(queueOffset: number, stored: Promise<HalfPlace | undefined>): Promise<HalfPlace | undefined> {
    const renewal = stored.then((place) => {
      this.#renewing = undefined
      if (place === undefined) return undefined
      this.#link(queueOffset, place, false)
      // The new place stands for it from now on, also for a broker that begins before both of them.
      this.#note(queueOffset)
      return place
    })
    const ended = renewal.then(
      () => undefined,
      () => {
        this.#renewing = undefined
      },
    )
    this.#renewing = { queueOffset, ended }
    return renewal
  }

  /** Nobody will be asked any more; an answer that comes all the same still counts. */
  discard(place: HalfPlace): void {
    this.#link(place.queueOffset, place, true)
  }

  /** The check is through with everything below. */
  advance(queueOffset: number): void {
    for (let at = this.#progress; at < queueOffset && this.#decided.size > 0; at++) this.#decided.delete(at)
    this.#progress = Math.max(this.#progress, queueOffset)
  }

  /** Where the check begins after a start. */
  startAt(queueOffset: number): void {
    this.#progress = queueOffset
  }

  #now(queueOffset: number): number {
    return this.#chains.get(queueOffset)?.place.queueOffset ?? queueOffset
  }

  #link(from: number, place: HalfPlace, discarded: boolean): void {
    const chain = this.#chains.get(from) ?? { place, offsets: [from], discarded }
    chain.place = place
    chain.discarded = discarded
    if (!chain.offsets.includes(place.queueOffset)) chain.offsets.push(place.queueOffset)
    for (const offset of chain.offsets) this.#chains.set(offset, chain)
    for (const oldest of this.#chains.keys()) {
      if (this.#chains.size <= RENEWED_MAX) break
      this.#chains.delete(oldest)
    }
  }

  #forget({ offsets }: Chain): void {
    for (const offset of offsets) this.#chains.delete(offset)
  }
}
