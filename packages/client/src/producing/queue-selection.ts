import type { Random } from '@rockhopper/env'
import { javaHashCode } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import type { QueueSelector } from '../producer-options.js'

/**
 * Round robin over the queues of a topic, beginning anywhere; a retry avoids the broker that failed last,
 * as long as another one is there (Apache: TopicPublishInfo.selectOneMessageQueue).
 */
export class RoundRobin {
  readonly #random: Random
  readonly #next = new Map<string, number>()

  constructor(random: Random) {
    this.#random = random
  }

  /** `queues` is not empty. */
  select(topic: string, queues: readonly MessageQueue[], lastBrokerName?: string): MessageQueue {
    const from = this.#next.get(topic) ?? this.#random.int(queues.length)
    let at = from
    while (at < from + queues.length && queues[at % queues.length]?.brokerName === lastBrokerName) at++
    // Every queue is at the broker that failed: take the next one all the same.
    if (at === from + queues.length) at = from
    const chosen = queues[at % queues.length] as MessageQueue
    // Topics of a process are bounded by its routes; the place alone is kept, not the queues.
    this.#next.set(topic, (at + 1) % queues.length)
    return chosen
  }

  forget(topic: string): void {
    this.#next.delete(topic)
  }
}

/**
 * The queue of a sharding key: Java's hashCode modulo the number of queues, without its sign (Apache:
 * SelectMessageQueueByHash; Math.abs of the remainder, 0 for the one value that has no positive counterpart).
 */
export const selectByHash =
  (key: string): QueueSelector =>
  (queues) =>
    queues[Math.abs(javaHashCode(key) % queues.length)] as MessageQueue
