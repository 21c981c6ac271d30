import type { Log } from '@rockhopper/env'
import { isRetryTopic, MqError } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import type { ClientInstance } from '../client-instance.js'
import { inTime, type Patience, throwIfAborted } from '../wait.js'
import { type AllocateStrategy, compareQueues, queueKey } from './allocation.js'
import type { Assignment } from './assignment.js'
import { Handover } from './handover.js'
import type { QueueLocks } from './queue-locks.js'
import type { Subscriptions } from './subscriptions.js'

/** A round that could not finish (no route yet, a lock still with another member) is repeated after this. */
const INCOMPLETE_RETRY_MS = 1_000

export interface RebalanceParts {
  readonly instance: ClientInstance
  readonly log: Log
  readonly consumerGroup: string
  readonly clustering: boolean
  /** Whether the application assigned the queue itself; undefined while the group shares queues out. */
  readonly chosen: (queue: MessageQueue) => boolean | undefined
  readonly strategy: AllocateStrategy
  readonly subscriptions: Subscriptions
  readonly assignment: Assignment
  readonly startOffset: (queue: MessageQueue) => Promise<number>
  /** Only an orderly clustering consumer has locks: a queue is taken after its lock. */
  readonly locks: QueueLocks | undefined
}

/**
 * Brings the assigned queues in line with the group's members (Apache: RebalanceImpl.doRebalance). Every
 * member computes the split alone; it is right as soon as all see the same members.
 */
export class Rebalance {
  readonly #parts: RebalanceParts
  readonly #settled = new Set<string>()
  /** What this member was told to get, of the topics whose split is not yet complete. */
  readonly #changing = new Map<string, readonly MessageQueue[]>()
  readonly #handover: Handover
  readonly #waiting = new Set<{ readonly resolve: () => void; readonly reject: (error: MqError) => void }>()

  constructor(parts: RebalanceParts) {
    this.#parts = parts
    const { env, clientId } = parts.instance
    this.#handover = new Handover(env.clock, clientId, parts.strategy)
  }

  /** One round over all topics. Returns when to run again if something is missing. */
  async run(): Promise<number | undefined> {
    const { subscriptions, assignment, instance } = this.#parts
    const topics = subscriptions.all().map((subscription) => subscription.topic)
    for (const queue of assignment.queues()) {
      if (!topics.includes(queue.topic)) instance.background.run('release', () => assignment.release(queue))
    }
    const complete = await Promise.all(topics.map((topic) => this.#topicSafely(topic)))
    this.#noteReady()
    if (complete.every(Boolean)) return undefined
    return Math.min(INCOMPLETE_RETRY_MS, this.#handover.dueInMs() ?? INCOMPLETE_RETRY_MS)
  }

  /** Resolves when every subscribed topic was split once, whoever got its queues. Forgets who gives up. */
  async ready(patience: Patience): Promise<void> {
    const attempted = `Waiting for queues of '${this.#parts.consumerGroup}'`
    throwIfAborted(patience.signal, attempted)
    if (this.#allSettled()) return
    let forget = () => {}
    const settled = new Promise<void>((resolve, reject) => {
      const waiter = { resolve, reject }
      this.#waiting.add(waiter)
      forget = () => this.#waiting.delete(waiter)
    })
    try {
      await inTime(this.#parts.instance.env.clock, settled, attempted, patience)
    } finally {
      forget()
    }
  }

  /** Calls of `ready` that have not ended. */
  get waitingCount(): number {
    return this.#waiting.size
  }

  /** Whoever still waits for `ready` waits in vain. */
  close(): void {
    const { consumerGroup } = this.#parts
    const error = new MqError('CLOSED', `Waiting for queues of '${consumerGroup}' while it shut down`)
    for (const { reject } of this.#waiting) reject(error)
    this.#waiting.clear()
  }

  forget(topic: string): void {
    this.#settled.delete(topic)
    this.#handover.forget(topic)
  }

  async #topicSafely(topic: string): Promise<boolean> {
    try {
      const complete = await this.#topic(topic)
      if (complete) this.#settled.add(topic)
      return complete
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      this.#parts.log.warn('client.rebalance.failed', {
        consumerGroup: this.#parts.consumerGroup,
        topic,
        error,
      })
      return false
    }
  }

  async #topic(topic: string): Promise<boolean> {
    const { instance, clustering, chosen, strategy, assignment, log, consumerGroup } = this.#parts
    const route = await instance.routes.find(topic)
    if (route === undefined) {
      if (!isRetryTopic(topic)) log.warn('client.rebalance.noRoute', { consumerGroup, topic })
      return false
    }
    const queues = [...route.readQueues].sort(compareQueues)
    let mine: readonly MessageQueue[] = queues
    let mayTake = (_: MessageQueue) => true
    if (queues.some((queue) => chosen(queue) !== undefined)) mine = queues.filter(chosen)
    else if (clustering) {
      const clientIds = await this.#clientIds(queues)
      if (clientIds === undefined) return false
      mine = strategy.allocate(queues, clientIds, instance.clientId)
      const wanted = mine.filter((queue) => !assignment.has(queue))
      const ready = this.#handover.ready({ topic, queues, clientIds }, wanted)
      mayTake = (queue) => ready.has(queueKey(queue))
    }
    const wanted = new Set(mine.map(queueKey))
    const held = assignment.queues().filter((queue) => queue.topic === topic)
    const releasing = held.filter((queue) => !wanted.has(queueKey(queue)))
    this.#tellBefore(topic, mine, held)
    for (const queue of releasing) instance.background.run('release', () => assignment.release(queue))
    const take = async (queue: MessageQueue) => mayTake(queue) && this.#take(queue)
    const taken = await Promise.all(mine.map((queue) => assignment.has(queue) || take(queue)))
    const complete = taken.every(Boolean)
    if (complete) this.#tellAfter(topic)
    return complete
  }

  /** Once for a change that takes several rounds; a change of that change is told as the difference. */
  #tellBefore(topic: string, mine: readonly MessageQueue[], held: readonly MessageQueue[]): void {
    const told = this.#changing.get(topic) ?? held
    const [wanted, known] = [new Set(mine.map(queueKey)), new Set(told.map(queueKey))]
    const taking = mine.filter((queue) => !known.has(queueKey(queue)))
    const releasing = told.filter((queue) => !wanted.has(queueKey(queue)))
    if (taking.length + releasing.length === 0) return
    this.#changing.set(topic, mine)
    const { instance, consumerGroup } = this.#parts
    instance.hooks.tell((hook) => hook.beforeRebalance?.({ consumerGroup, topic, taking, releasing }))
  }

  #tellAfter(topic: string): void {
    if (!this.#changing.delete(topic)) return
    const { instance, consumerGroup } = this.#parts
    instance.hooks.tell((hook) => hook.afterRebalance?.({ consumerGroup, topic }))
  }

  /**
   * The group's members, sorted by code unit, from any broker of the topic. Undefined while no broker knows
   * this one: a split without it would take all its queues away for a moment.
   */
  async #clientIds(queues: readonly MessageQueue[]): Promise<string[] | undefined> {
    const { instance, consumerGroup } = this.#parts
    const names = [...new Set(queues.map((queue) => queue.brokerName))]
    let failure: unknown
    for (const name of names) {
      const address = instance.routes.masterAddress(name) ?? instance.routes.brokerAddress(name, 1)
      if (address === undefined) continue
      try {
        const ids = await this.#idsAt(address)
        if (ids.includes(instance.clientId)) return ids.sort()
        instance.lost(address)
      } catch (error) {
        if (!(error instanceof MqError)) throw error
        failure = error
      }
    }
    if (failure !== undefined) throw failure
    instance.env.log.warn('client.rebalance.notMember', { consumerGroup, clientId: instance.clientId })
    return undefined
  }

  async #idsAt(address: string): Promise<string[]> {
    const { instance, consumerGroup } = this.#parts
    await instance.greet(address)
    const ids = await instance.api.consumerIds(address, consumerGroup)
    if (ids.includes(instance.clientId)) return ids
    // The broker was restarted, or dropped us: tell it who is here and ask once more.
    instance.lost(address)
    await instance.greet(address)
    return instance.api.consumerIds(address, consumerGroup)
  }

  /** True when the queue is ours and being pulled. */
  async #take(queue: MessageQueue): Promise<boolean> {
    const { assignment, locks, startOffset, log } = this.#parts
    if (assignment.isLeaving(queue)) return false
    if (locks !== undefined && !(await locks.lock(queue))) return false
    try {
      assignment.add(queue, await startOffset(queue))
      this.#handover.taken(queue)
      return true
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      log.warn('client.rebalance.noOffset', { ...queue, error })
      return false
    }
  }

  #allSettled(): boolean {
    const topics = this.#parts.subscriptions.all().map((subscription) => subscription.topic)
    return topics.every((topic) => isRetryTopic(topic) || this.#settled.has(topic))
  }

  #noteReady(): void {
    if (!this.#allSettled()) return
    for (const { resolve } of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
