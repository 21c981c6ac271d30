import type { Cancel, Clock } from '@rockhopper/env'
import type { Arrival, ArrivedProperties } from '@rockhopper/store'
import { isWanted, type PullFilter } from './pull-subscription.js'

/** Waiting pulls in all; one more is answered at once with what there is, which is nothing. */
const WAITERS_MAX = 200_000

/** Why a wait ended. In each case the pull looks again, and answers what it then finds. */
export type Wake = 'arrived' | 'deadline' | 'released' | 'full'

export interface ArrivalWait {
  readonly topic: string
  readonly queueId: number
  /** The first queue offset wanted: older arrivals do not wake. */
  readonly queueOffset: number
  readonly filter: PullFilter
  readonly timeoutMs: number
  /** The connection that waits: when it closes, so does the wait. */
  readonly owner: object
}

interface Waiter {
  readonly wait: ArrivalWait
  readonly wake: (reason: Wake) => void
}

/**
 * Pulls that found nothing, until a message arrives or their time is over (Apache: PullRequestHoldService).
 */
export class Arrivals {
  readonly #clock: Clock
  readonly #owners = new Map<object, Set<Waiter>>()
  readonly #topics = new Map<string, Map<number, Set<Waiter>>>()
  #count = 0
  #released = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get waiting(): number {
    return this.#count
  }

  wait(wait: ArrivalWait): Promise<Wake> {
    if (this.#released) return Promise.resolve('released')
    if (this.#count >= WAITERS_MAX) return Promise.resolve('full')
    return new Promise((resolve) => {
      const queues = this.#topics.get(wait.topic) ?? new Map<number, Set<Waiter>>()
      const waiters = queues.get(wait.queueId) ?? new Set<Waiter>()
      let cancel: Cancel | undefined
      const waiter: Waiter = {
        wait,
        wake: (reason) => {
          if (!waiters.delete(waiter)) return
          this.#count--
          this.#prune(waiter)
          cancel?.()
          resolve(reason)
        },
      }
      this.#topics.set(wait.topic, queues)
      queues.set(wait.queueId, waiters)
      waiters.add(waiter)
      const owned = this.#owners.get(wait.owner)
      if (owned === undefined) this.#owners.set(wait.owner, new Set([waiter]))
      else owned.add(waiter)
      this.#count++
      cancel = this.#clock.after(wait.timeoutMs, () => waiter.wake('deadline'))
    })
  }

  /** A message can be read now. */
  arrived(arrival: Arrival, properties: ArrivedProperties): void {
    const waiters = this.#topics.get(arrival.topic)?.get(arrival.queueId)
    if (waiters === undefined) return
    const { queueOffset, tagsCode } = arrival
    for (const { wait, wake } of [...waiters]) {
      if (queueOffset >= wait.queueOffset && isWanted(wait.filter, tagsCode, properties)) wake('arrived')
    }
  }

  /** Ends the waits of one queue: there is something new to say about it. */
  wakeAll(topic: string, queueId: number): void {
    for (const { wake } of [...(this.#topics.get(topic)?.get(queueId) ?? [])]) wake('arrived')
  }

  /** Ends the waits of a connection that closed: nobody is there to be answered. */
  ownerGone(owner: object): void {
    for (const { wake } of [...(this.#owners.get(owner) ?? [])]) wake('released')
  }

  /** Ends all waits, those to come too: the broker stops. */
  releaseAll(): void {
    this.#released = true
    for (const queues of [...this.#topics.values()]) {
      for (const waiters of [...queues.values()]) for (const { wake } of [...waiters]) wake('released')
    }
  }

  #prune(waiter: Waiter): void {
    const { owner, queueId, topic } = waiter.wait
    const owned = this.#owners.get(owner)
    owned?.delete(waiter)
    if (owned?.size === 0) this.#owners.delete(owner)
    const queues = this.#topics.get(topic)
    if (queues?.get(queueId)?.size !== 0) return
    queues.delete(queueId)
    if (queues.size === 0) this.#topics.delete(topic)
  }
}
