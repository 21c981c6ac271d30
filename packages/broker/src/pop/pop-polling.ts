import type { Cancel, Clock } from '@rockhopper/env'
import { isRetryTopic, popRetryTopic } from '@rockhopper/message'
import type { Arrival, ArrivedProperties } from '@rockhopper/store'
import type { BrokerConfig } from '../config.js'
import { isWanted, type PullFilter } from '../pull-subscription.js'

export interface PopInterest {
  readonly topic: string
  readonly consumerGroup: string
  /** -1 for all queues. */
  readonly queueId: number
  readonly filter: PullFilter
  /** The connection that waits: when it closes, so does the wait. */
  readonly owner: object
}

/** Why a wait ended: only after `arrived` there is something to look for. */
export type PopWake = 'arrived' | 'deadline' | 'released' | 'full'

/** One pop that is under way or waits. */
export interface PopWaiter {
  /** Something arrived since it began to listen, or since the last `wait`. */
  readonly woken: boolean
  wait(timeoutMs: number): Promise<PopWake>
  /** Must be called once the pop is answered. */
  end(): void
}

interface GroupWaiters {
  readonly queues: Map<number, Set<Waiter>>
}

/**
 * Pops that wait for a message (Apache: PopLongPollingService). A pop listens before it looks, so that
 * nothing arrives unheard between the two. Each arrival wakes one waiter of each group that wants it.
 */
export class PopPolling {
  readonly #clock: Clock
  readonly #config: Pick<BrokerConfig, 'maxPopPollingSize' | 'popPollingSize'>
  /** Real topic, also that of retries, to group. */
  readonly #topics = new Map<string, Map<string, GroupWaiters>>()
  readonly #owners = new Map<object, Set<Waiter>>()
  #parked = 0
  #released = false

  constructor(clock: Clock, config: Pick<BrokerConfig, 'maxPopPollingSize' | 'popPollingSize'>) {
    this.#clock = clock
    this.#config = config
  }

  listen(interest: PopInterest): PopWaiter {
    const { consumerGroup, owner, queueId, topic } = interest
    const group = this.#topics.get(topic)?.get(consumerGroup) ?? this.#newGroup(topic, consumerGroup)
    const queue = group.queues.get(queueId) ?? new Set<Waiter>()
    group.queues.set(queueId, queue)
    const waiter = new Waiter(interest, this.#clock, {
      mayPark: () => !this.#released && !this.#isFull(queue),
      released: () => this.#released,
      parked: (change) => (this.#parked += change),
      ended: () => this.#remove(waiter, group, queue),
    })
    queue.add(waiter)
    const owned = this.#owners.get(owner)
    if (owned === undefined) this.#owners.set(owner, new Set([waiter]))
    else owned.add(waiter)
    return waiter
  }

  /** A message of a topic, or of a retry topic, can be read now. */
  arrived({ topic, queueId, tagsCode }: Arrival, properties: ArrivedProperties): void {
    const groups = this.#topics.get(topic)
    if (groups === undefined) return
    const retry = isRetryTopic(topic)
    const wanted = ({ interest }: Waiter) => isWanted(interest.filter, tagsCode, properties)
    for (const { queues } of groups.values()) {
      if (retry) wakeAny(queues.values(), wanted)
      else {
        wakeOne(queues.get(-1), wanted)
        wakeOne(queues.get(queueId), wanted)
      }
    }
  }

  /** There may be something for this group: a lock is free, or more was left than one pop took. */
  wake(topic: string, consumerGroup: string, queueId: number): void {
    const queues = this.#topics.get(topic)?.get(consumerGroup)?.queues
    if (queues === undefined) return
    if (isRetryTopic(topic)) wakeAny(queues.values())
    else if (!wakeOne(queues.get(-1))) wakeOne(queues.get(queueId))
  }

  /** How many wait (code 200055). */
  parked(topic: string, consumerGroup: string, queueId: number): number {
    return parkedOf(this.#topics.get(topic)?.get(consumerGroup)?.queues.get(queueId))
  }

  ownerGone(owner: object): void {
    for (const waiter of [...(this.#owners.get(owner) ?? [])]) waiter.settle('released')
  }

  /** Ends all waits, those to come too: the broker stops. */
  releaseAll(): void {
    this.#released = true
    for (const owned of [...this.#owners.values()]) {
      for (const waiter of [...owned]) waiter.settle('released')
    }
  }

  #isFull(queue: ReadonlySet<Waiter>): boolean {
    return this.#parked >= this.#config.maxPopPollingSize || parkedOf(queue) > this.#config.popPollingSize
  }

  #newGroup(topic: string, consumerGroup: string): GroupWaiters {
    const group: GroupWaiters = { queues: new Map() }
    for (const name of namesOf(topic, consumerGroup)) {
      const groups = this.#topics.get(name) ?? new Map<string, GroupWaiters>()
      this.#topics.set(name, groups.set(consumerGroup, group))
    }
    return group
  }

  #remove(waiter: Waiter, group: GroupWaiters, queue: Set<Waiter>): void {
    const { consumerGroup, owner, queueId, topic } = waiter.interest
    const owned = this.#owners.get(owner)
    owned?.delete(waiter)
    if (owned?.size === 0) this.#owners.delete(owner)
    queue.delete(waiter)
    if (queue.size > 0) return
    group.queues.delete(queueId)
    if (group.queues.size > 0) return
    for (const name of namesOf(topic, consumerGroup)) {
      const groups = this.#topics.get(name)
      groups?.delete(consumerGroup)
      if (groups?.size === 0) this.#topics.delete(name)
    }
  }
}

function namesOf(topic: string, consumerGroup: string): string[] {
  return [topic, popRetryTopic(topic, consumerGroup), popRetryTopic(topic, consumerGroup, true)]
}

function parkedOf(queue: ReadonlySet<Waiter> | undefined): number {
  let count = 0
  for (const waiter of queue ?? []) if (waiter.isParked) count++
  return count
}

type Wanted = (waiter: Waiter) => boolean

function wakeAny(queues: Iterable<ReadonlySet<Waiter>>, wanted?: Wanted): boolean {
  for (const queue of queues) if (wakeOne(queue, wanted)) return true
  return false
}

/** The one that waits longest, of those that are not awake. */
function wakeOne(queue: ReadonlySet<Waiter> | undefined, wanted?: Wanted): boolean {
  for (const waiter of queue ?? []) {
    if (waiter.woken || wanted?.(waiter) === false) continue
    waiter.settle('arrived')
    return true
  }
  return false
}

interface WaiterHost {
  mayPark(): boolean
  released(): boolean
  parked(change: number): void
  ended(): void
}

class Waiter implements PopWaiter {
  readonly interest: PopInterest
  readonly #clock: Clock
  readonly #host: WaiterHost
  #woken = false
  #gone = false
  #resolve: ((wake: PopWake) => void) | undefined
  #cancel: Cancel | undefined

  constructor(interest: PopInterest, clock: Clock, host: WaiterHost) {
    this.interest = interest
    this.#clock = clock
    this.#host = host
  }

  get woken(): boolean {
    return this.#woken
  }

  get isParked(): boolean {
    return this.#resolve !== undefined
  }

  wait(timeoutMs: number): Promise<PopWake> {
    if (this.#gone || this.#host.released()) return Promise.resolve('released')
    if (this.#woken) {
      this.#woken = false
      return Promise.resolve('arrived')
    }
    if (!this.#host.mayPark()) return Promise.resolve('full')
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#host.parked(1)
      this.#cancel = this.#clock.after(timeoutMs, () => this.settle('deadline'))
    })
  }

  settle(wake: PopWake): void {
    if (wake === 'released') this.#gone = true
    const resolve = this.#resolve
    if (resolve === undefined) {
      if (wake === 'arrived') this.#woken = true
      return
    }
    this.#resolve = undefined
    this.#cancel?.()
    this.#host.parked(-1)
    resolve(wake)
  }

  end(): void {
    this.settle('released')
    this.#host.ended()
  }
}
