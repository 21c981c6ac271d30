import type { Clock, Log } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import { queueKey } from './allocation.js'
import type { ProcessQueue } from './process-queue.js'

/**
 * A lock not renewed for this long counts as lost here; the broker keeps it 60 s (Apache:
 * REBALANCE_LOCK_MAX_LIVE_TIME).
 */
export const LOCK_LIVES_MS = 30_000
export const LOCK_RENEWAL_MS = 20_000

export interface LockBrokers {
  /** The queues of one broker that are ours now, of those asked for. */
  lock(brokerName: string, queues: readonly MessageQueue[]): Promise<readonly MessageQueue[]>
  unlock(brokerName: string, queues: readonly MessageQueue[]): Promise<void>
}

/**
 * Locks that orderly consumers hold at the brokers of their queues (remoting.md section 19, codes 41 and
 * 42).
 */
export class QueueLocks {
  readonly #clock: Clock
  readonly #log: Log
  readonly #brokers: LockBrokers
  /**
   * When the request went out that the broker granted: the lock is at least as young as that. Monotonic ms.
   */
  readonly #lockedAt = new Map<string, number>()

  constructor(clock: Clock, log: Log, brokers: LockBrokers) {
    this.#clock = clock
    this.#log = log
    this.#brokers = brokers
  }

  /** True while nobody else can hold the lock. */
  holds(processQueue: ProcessQueue): boolean {
    const at = this.#lockedAt.get(queueKey(processQueue.queue))
    return at !== undefined && this.#clock.monotonic() - at < LOCK_LIVES_MS
  }

  async lock(queue: MessageQueue): Promise<boolean> {
    await this.#lockAt(queue.brokerName, [queue])
    return this.#lockedAt.has(queueKey(queue))
  }

  /** Asks each broker once for all its queues. */
  async renew(queues: readonly MessageQueue[]): Promise<void> {
    await Promise.all([...byBroker(queues)].map(([brokerName, mine]) => this.#lockAt(brokerName, mine)))
  }

  /** Gives locks up. A broker that cannot be told lets them end after 60 s. Never rejects. */
  async unlock(queues: readonly MessageQueue[]): Promise<void> {
    for (const queue of queues) this.#lockedAt.delete(queueKey(queue))
    await Promise.all(
      [...byBroker(queues)].map(async ([brokerName, mine]) => {
        try {
          await this.#brokers.unlock(brokerName, mine)
        } catch (error) {
          if (!(error instanceof MqError)) throw error
          this.#log.warn('client.unlock.failed', { brokerName, queues: mine.length, error })
        }
      }),
    )
  }

  async #lockAt(brokerName: string, queues: readonly MessageQueue[]): Promise<void> {
    const askedAt = this.#clock.monotonic()
    try {
      const granted = new Set((await this.#brokers.lock(brokerName, queues)).map(queueKey))
      for (const queue of queues) {
        if (granted.has(queueKey(queue))) this.#lockedAt.set(queueKey(queue), askedAt)
        else this.#lockedAt.delete(queueKey(queue))
      }
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      // What was granted before lives on until it is too old: the broker may just not have answered in time.
      this.#log.warn('client.lock.failed', { brokerName, queues: queues.length, error })
    }
  }
}

export function byBroker(queues: readonly MessageQueue[]): Map<string, MessageQueue[]> {
  const groups = new Map<string, MessageQueue[]>()
  for (const queue of queues) {
    const group = groups.get(queue.brokerName)
    if (group === undefined) groups.set(queue.brokerName, [queue])
    else group.push(queue)
  }
  return groups
}
