import type { Clock } from '@rockhopper/env'
import type { MessageQueue } from '@rockhopper/remoting'
import { type AllocateStrategy, queueKey } from './allocation.js'

/**
 * How long a queue is left to the living member that had it: what that one has at work may end and be
 * committed, and is not consumed twice. Apache's client takes a queue at once and begins where the broker was
 * last told. A member that is gone has told what it could, or never will: nobody waits for it.
 */
export const HANDOVER_MS = 300

export interface Split {
  readonly topic: string
  readonly queues: readonly MessageQueue[]
  /** All members of the group, sorted. */
  readonly clientIds: readonly string[]
}

/**
 * Tells which queues a member may take at once. It knows who had them from the members it saw last, as every
 * member computes the same split; one that just joined supposes that all the others were there before.
 */
export class Handover {
  readonly #clock: Clock
  readonly #clientId: string
  readonly #strategy: AllocateStrategy
  /** Members by topic, as seen last. */
  readonly #members = new Map<string, readonly string[]>()
  /** When a queue that another member had may be taken, monotonic ms; only of queues that are to be ours. */
  readonly #due = new Map<string, number>()

  constructor(clock: Clock, clientId: string, strategy: AllocateStrategy) {
    this.#clock = clock
    this.#clientId = clientId
    this.#strategy = strategy
  }

  /** Of the queues that are to be ours and are not yet, those that may be taken now. */
  ready({ topic, queues, clientIds }: Split, wanted: readonly MessageQueue[]): ReadonlySet<string> {
    const keys = new Set(wanted.map(queueKey))
    for (const queue of queues) if (!keys.has(queueKey(queue))) this.#due.delete(queueKey(queue))
    const before = this.#members.get(topic) ?? clientIds.filter((id) => id !== this.#clientId)
    this.#members.set(topic, clientIds)
    const fresh = wanted.filter((queue) => !this.#due.has(queueKey(queue)))
    const now = this.#clock.monotonic()
    const had = this.#hadByOthers(queues, before, clientIds, fresh)
    for (const queue of fresh) {
      const key = queueKey(queue)
      this.#due.set(key, had.has(key) ? now + HANDOVER_MS : now)
    }
    return new Set([...keys].filter((key) => (this.#due.get(key) as number) <= now))
  }

  /** The queue is ours now. */
  taken(queue: MessageQueue): void {
    this.#due.delete(queueKey(queue))
  }

  /** ms until the next queue that is left to another member may be taken; undefined when there is none. */
  dueInMs(): number | undefined {
    const now = this.#clock.monotonic()
    const waiting = [...this.#due.values()].filter((at) => at > now)
    return waiting.length === 0 ? undefined : Math.min(...waiting) - now
  }

  /** The topic is subscribed to anew, or no longer. */
  forget(topic: string): void {
    this.#members.delete(topic)
  }

  /** Those of `fresh` that a member which is still there had before. */
  #hadByOthers(
    queues: readonly MessageQueue[],
    before: readonly string[],
    clientIds: readonly string[],
    fresh: readonly MessageQueue[],
  ): ReadonlySet<string> {
    const left = new Set(fresh.map(queueKey))
    const found = new Set<string>()
    const living = new Set(clientIds)
    for (const id of before) {
      if (left.size === 0) break
      if (id === this.#clientId || !living.has(id)) continue
      for (const queue of this.#strategy.allocate(queues, before, id)) {
        if (left.delete(queueKey(queue))) found.add(queueKey(queue))
      }
    }
    return found
  }
}
