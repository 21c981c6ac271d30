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
  readonly #locked = new Map<string, { readonly queue: MessageQueue; readonly at: number }>()
  /** How often each broker's locks were voided: an answer from before the last time counts for nothing. */
  readonly #voids = new Map<string, number>()

  constructor(clock: Clock, log: Log, brokers: LockBrokers) {
    this.#clock = clock
    this.#log = log
    this.#brokers = brokers
  }

  /** True while nobody else can hold the lock. */
  holds({ queue }: Pick<ProcessQueue, 'queue'>): boolean {
    const at = this.#locked.get(queueKey(queue))?.at
    return at !== undefined && this.#clock.monotonic() - at < LOCK_LIVES_MS
  }

  /** Takes a lock anew. Whoever gets it begins from the committed offset: another member may have had it. */
  async lock(queue: MessageQueue): Promise<boolean> {
    this.#locked.delete(queueKey(queue))
    await this.#lockAt(queue.brokerName, [queue], () => true)
    return this.holds({ queue })
  }

  /**
   * Asks each broker once for all its queues that are held. A lock that was lost, if only for a moment, does
   * not come back this way: its queue has to be taken anew.
   */
  async renew(queues: readonly MessageQueue[]): Promise<void> {
    const holds = (queue: MessageQueue) => this.holds({ queue })
    const held = [...byBroker(queues.filter(holds))]
    await Promise.all(held.map(([brokerName, mine]) => this.#lockAt(brokerName, mine, holds)))
  }

  /**
   * The connection to a broker broke. It may have been restarted, and locks are in its memory only: another
   * member that is back before us gets them.
   */
  voidAt(brokerName: string): void {
    this.#voids.set(brokerName, this.#voidsOf(brokerName) + 1)
    for (const [key, { queue }] of this.#locked) if (queue.brokerName === brokerName) this.#locked.delete(key)
  }

  /** Gives locks up. A broker that cannot be told lets them end after 60 s. Never rejects. */
  async unlock(queues: readonly MessageQueue[]): Promise<void> {
    for (const queue of queues) this.#locked.delete(queueKey(queue))
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

  /** `counts` is asked when the answer is there. */
  async #lockAt(
    brokerName: string,
    queues: readonly MessageQueue[],
    counts: (queue: MessageQueue) => boolean,
  ): Promise<void> {
    const at = this.#clock.monotonic()
    const voids = this.#voidsOf(brokerName)
    try {
      const granted = new Set((await this.#brokers.lock(brokerName, queues)).map(queueKey))
      if (this.#voidsOf(brokerName) !== voids) return
      for (const queue of queues) {
        const key = queueKey(queue)
        if (granted.has(key) && counts(queue)) this.#locked.set(key, { queue, at })
        else this.#locked.delete(key)
      }
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      // What was granted before lives on until it is too old: the broker may just not have answered in time.
      this.#log.warn('client.lock.failed', { brokerName, queues: queues.length, error })
    }
  }

  #voidsOf(brokerName: string): number {
    return this.#voids.get(brokerName) ?? 0
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
