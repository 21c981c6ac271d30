interface Held {
  /** A pop found the queue locked and went on without it. */
  turnedAway: boolean
  readonly waiting: (() => void)[]
}

/** One pop at a time in a queue of a group (Apache: PopMessageProcessor.QueueLockManager). */
export class PopLocks {
  readonly #held = new Map<string, Held>()

  tryLock(key: string): boolean {
    const held = this.#held.get(key)
    if (held !== undefined) {
      held.turnedAway = true
      return false
    }
    this.#held.set(key, { turnedAway: false, waiting: [] })
    return true
  }

  /** For acknowledgements: they wait instead. Held only for a few writes, never while a client thinks. */
  async lock(key: string): Promise<void> {
    for (let held = this.#held.get(key); held !== undefined; held = this.#held.get(key)) {
      const { waiting } = held
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    this.#held.set(key, { turnedAway: false, waiting: [] })
  }

  /** True when somebody was turned away meanwhile and should be told to look again. */
  unlock(key: string): boolean {
    const held = this.#held.get(key)
    this.#held.delete(key)
    for (const resolve of held?.waiting ?? []) resolve()
    return held?.turnedAway ?? false
  }
}

export function queueKey(topic: string, consumerGroup: string, queueId: number): string {
  return `${topic}@${consumerGroup}@${queueId}`
}
