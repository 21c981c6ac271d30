import type { Clock } from '@rockhopper/env'
import type { MessageQueue } from '@rockhopper/remoting'

/** Apache: RebalanceLockManager.REBALANCE_LOCK_MAX_LIVE_TIME. */
export const QUEUE_LOCK_TTL_MS = 60_000
/** Locks of one group; a group has at most as many queues as its topics have on this broker. */
const LOCKS_PER_GROUP_MAX = 65_536
/** Group names come from the wire; beyond it nobody gets a lock. */
const GROUPS_MAX = 100_000

interface QueueLock {
  readonly clientId: string
  /** Monotonic time of the last renewal. */
  lockedAt: number
}

/**
 * Which client of a group may consume a queue in order (Apache: RebalanceLockManager). In memory: after a
 * restart clients lock again, and their own leases of 30 s end before ours of 60 s would have.
 */
export class QueueLocks {
  readonly #clock: Clock
  readonly #groups = new Map<string, Map<string, QueueLock>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * The queues of `queues` that `clientId` holds afterwards: taken now, renewed, or taken over after 60 s.
   */
  lock(consumerGroup: string, clientId: string, queues: readonly MessageQueue[]): MessageQueue[] {
    const locks = this.#groups.get(consumerGroup) ?? new Map<string, QueueLock>()
    if (locks.size === 0 && this.#groups.size >= GROUPS_MAX) return []
    this.#groups.set(consumerGroup, locks)
    const now = this.#clock.monotonic()
    const held: MessageQueue[] = []
    for (const queue of queues) {
      const key = lockKey(queue)
      const lock = locks.get(key)
      if (lock !== undefined && lock.clientId === clientId) lock.lockedAt = now
      else if (lock !== undefined && !this.#expired(lock, now)) continue
      else if (lock === undefined && locks.size >= LOCKS_PER_GROUP_MAX) continue
      else locks.set(key, { clientId, lockedAt: now })
      held.push(queue)
    }
    return held
  }

  /** Locks of other clients are left alone. */
  unlock(consumerGroup: string, clientId: string, queues: readonly MessageQueue[]): void {
    const locks = this.#groups.get(consumerGroup)
    if (locks === undefined) return
    for (const queue of queues) {
      if (locks.get(lockKey(queue))?.clientId === clientId) locks.delete(lockKey(queue))
    }
    if (locks.size === 0) this.#groups.delete(consumerGroup)
  }

  /** True while `clientId` holds an unexpired lock. */
  holds(consumerGroup: string, clientId: string, queue: MessageQueue): boolean {
    const lock = this.#groups.get(consumerGroup)?.get(lockKey(queue))
    return lock !== undefined && lock.clientId === clientId && !this.#expired(lock, this.#clock.monotonic())
  }

  /** True while any client of the group holds an unexpired lock: the group consumes in order. */
  anyHeld(consumerGroup: string): boolean {
    const now = this.#clock.monotonic()
    const locks = this.#groups.get(consumerGroup)?.values() ?? []
    return [...locks].some((lock) => !this.#expired(lock, now))
  }

  #expired(lock: QueueLock, now: number): boolean {
    return now - lock.lockedAt > QUEUE_LOCK_TTL_MS
  }
}

function lockKey({ topic, brokerName, queueId }: MessageQueue): string {
  return `${topic}\n${brokerName}\n${queueId}`
}
