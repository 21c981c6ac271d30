import type { Cancel, Clock } from '@rockhopper/env'
import { type OrderCount, retryFlagOf } from '@rockhopper/message'
import { ConsumerOrderInfoWrapper } from '@rockhopper/remoting'
import type { StateFile } from '@rockhopper/store'
import { prettyJson } from '../pretty-json.js'
import { decodeOrder, encodeOrder, type QueueOrder } from './queue-order.js'

/** After so long without a pop an entry is forgotten (Apache: CLEAN_SPAN_FROM_LAST). */
const FORGET_AFTER_MS = 86_400_000

export interface ConsumerOrdersParts {
  readonly clock: Clock
  readonly file: StateFile
  readonly saved: ConsumerOrderInfoWrapper | undefined
  /** Whether the topic still has this queue and the group is known. */
  readonly exists: (topic: string, consumerGroup: string, queueId: number) => boolean
  /** A queue that was blocked is free by now. */
  readonly onFree: (topic: string, consumerGroup: string, queueId: number) => void
}

export interface OrderedPop {
  readonly topic: string
  readonly consumerGroup: string
  readonly queueId: number
  readonly attemptId: string | undefined
  readonly popTime: number
  readonly invisibleTime: number
  readonly queueOffsets: readonly number[]
}

/**
 * Who holds which queue of an orderly pop: the next messages go out when all that were given away are
 * acknowledged or visible again (Apache: ConsumerOrderInfoManager). Saved every few seconds: a crash may
 * forget the latest, and their messages are then given away again at once.
 */
export class ConsumerOrders {
  readonly #parts: ConsumerOrdersParts
  readonly #table = new Map<string, Map<number, QueueOrder>>()
  readonly #timers = new Map<QueueOrder, Cancel>()
  #dirty = false

  constructor(parts: ConsumerOrdersParts) {
    this.#parts = parts
    for (const [key, queues] of parts.saved?.table ?? []) {
      const entries = [...queues].map(([queueId, info]) => [queueId, decodeOrder(info)] as const)
      this.#table.set(key, new Map(entries))
    }
  }

  start(): void {
    for (const [key, queues] of this.#table) {
      for (const [queueId, order] of queues) this.#schedule(key, queueId, order)
    }
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  /** Notes what a pop gave away. Returns how often these messages were given away before. */
  update(pop: OrderedPop): OrderCount[] {
    const { attemptId, consumerGroup, invisibleTime, popTime, queueId, queueOffsets, topic } = pop
    const key = keyOf(topic, consumerGroup)
    const queues = this.#table.get(key) ?? new Map<number, QueueOrder>()
    this.#table.set(key, queues)
    const before = queues.get(queueId)
    const order: QueueOrder = {
      attemptId,
      popTime,
      invisibleTime,
      queueOffsets,
      acked: queueOffsets.map(() => false),
      nextVisible: new Map(),
      counts: countsOf(before, attemptId, queueOffsets),
      lastConsumeTimestamp: this.#parts.clock.now(),
    }
    if (before !== undefined) this.#unschedule(before)
    queues.set(queueId, order)
    this.#changed(key, queueId, order)
    const retryFlag = retryFlagOf(topic)
    const known = queueOffsets.filter((queueOffset) => order.counts.has(queueOffset))
    const each = known.map((queueOffset) => {
      return { retryFlag, queueId, queueOffset, count: order.counts.get(queueOffset) as number }
    })
    const least = known.length < queueOffsets.length ? 0 : Math.min(...each.map(({ count }) => count))
    return [...each, { retryFlag, queueId, queueOffset: undefined, count: least }]
  }

  /** Whether messages that were given away are neither acknowledged nor visible again. */
  isBlocked(
    topic: string,
    consumerGroup: string,
    queueId: number,
    attemptId: string | undefined,
    invisibleTime = 0,
  ): boolean {
    const order = this.#get(topic, consumerGroup, queueId)
    if (order === undefined) return false
    // The same attempt asks again: its answer was lost.
    if (order.attemptId !== undefined && order.attemptId === attemptId) return false
    if (order.invisibleTime <= 0) order.invisibleTime = invisibleTime
    return freeAt(order) > this.#parts.clock.now()
  }

  /**
   * Marks a message as done. `next`: the offset to commit. `illegal`: it was not given away.
   * `stale`: the receipt is of an earlier pop.
   */
  commitAndNext(
    topic: string,
    consumerGroup: string,
    queueId: number,
    queueOffset: number,
    popTime: number,
  ): { readonly next: number } | 'illegal' | 'stale' {
    const order = this.#get(topic, consumerGroup, queueId)
    if (order === undefined) return { next: queueOffset + 1 }
    if (order.queueOffsets.length === 0) return 'illegal'
    if (order.popTime !== popTime) return 'stale'
    const index = order.queueOffsets.indexOf(queueOffset)
    if (index < 0) return 'illegal'
    order.acked[index] = true
    this.#changed(keyOf(topic, consumerGroup), queueId, order)
    const open = order.acked.indexOf(false)
    return {
      next: open < 0 ? (order.queueOffsets.at(-1) as number) + 1 : (order.queueOffsets[open] as number),
    }
  }

  /** Ms since 1970 at which a message may be given away again. Nothing happens for an old receipt. */
  setNextVisible(
    pop: Pick<OrderedPop, 'topic' | 'consumerGroup' | 'queueId' | 'popTime'>,
    queueOffset: number,
    at: number,
  ): void {
    const { consumerGroup, popTime, queueId, topic } = pop
    const order = this.#get(topic, consumerGroup, queueId)
    if (order === undefined || order.popTime !== popTime) return
    order.nextVisible.set(queueOffset, at)
    this.#changed(keyOf(topic, consumerGroup), queueId, order)
  }

  clear(topic: string, consumerGroup: string, queueId: number): void {
    const queues = this.#table.get(keyOf(topic, consumerGroup))
    const order = queues?.get(queueId)
    if (order === undefined) return
    this.#unschedule(order)
    queues?.delete(queueId)
    this.#dirty = true
  }

  /** Writes consumerOrderInfo.json when something changed since the last write. */
  async persist(): Promise<void> {
    if (!this.#dirty) return
    this.#dirty = false
    this.#forget()
    const entries = [...this.#table].map(([key, queues]) => {
      return [key, new Map([...queues].map(([queueId, order]) => [queueId, encodeOrder(order)]))] as const
    })
    try {
      await this.#parts.file.save(prettyJson(ConsumerOrderInfoWrapper.encode({ table: new Map(entries) })))
    } catch (error) {
      this.#dirty = true
      throw error
    }
  }

  #get(topic: string, consumerGroup: string, queueId: number): QueueOrder | undefined {
    return this.#table.get(keyOf(topic, consumerGroup))?.get(queueId)
  }

  /** Entries of what is gone, and of groups that are silent for a day. */
  #forget(): void {
    const { clock, exists } = this.#parts
    const before = clock.now() - FORGET_AFTER_MS
    for (const [key, queues] of this.#table) {
      const [topic, consumerGroup] = splitKey(key)
      for (const [queueId, order] of queues) {
        if (exists(topic, consumerGroup, queueId) && order.lastConsumeTimestamp >= before) continue
        this.#unschedule(order)
        queues.delete(queueId)
      }
      if (queues.size === 0) this.#table.delete(key)
    }
  }

  #changed(key: string, queueId: number, order: QueueOrder): void {
    this.#dirty = true
    this.#schedule(key, queueId, order)
  }

  /** Tells those who wait when the queue gets free by itself (Apache: ConsumerOrderInfoLockManager). */
  #schedule(key: string, queueId: number, order: QueueOrder): void {
    this.#unschedule(order)
    const inMs = freeAt(order) - this.#parts.clock.now()
    if (inMs <= 0) return
    const cancel = this.#parts.clock.after(inMs, () => {
      this.#timers.delete(order)
      this.#parts.onFree(...splitKey(key), queueId)
    })
    this.#timers.set(order, cancel)
  }

  #unschedule(order: QueueOrder): void {
    this.#timers.get(order)?.()
    this.#timers.delete(order)
  }
}

/** Names hold no `@`: their character set is checked before anything is popped. */
function keyOf(topic: string, consumerGroup: string): string {
  return `${topic}@${consumerGroup}`
}

function splitKey(key: string): [topic: string, consumerGroup: string] {
  const at = key.indexOf('@')
  return [key.slice(0, at), key.slice(at + 1)]
}

/** When no message that was given away is invisible any more; 0 when all are acknowledged. */
function freeAt({ acked, invisibleTime, nextVisible, popTime, queueOffsets }: QueueOrder): number {
  let at = 0
  queueOffsets.forEach((queueOffset, index) => {
    if (acked[index] !== true) at = Math.max(at, nextVisible.get(queueOffset) ?? popTime + invisibleTime)
  })
  return at
}

function countsOf(
  before: QueueOrder | undefined,
  attemptId: string | undefined,
  queueOffsets: readonly number[],
): Map<number, number> {
  if (before === undefined) return new Map()
  if (before.attemptId !== undefined && before.attemptId === attemptId) return new Map(before.counts)
  const again = queueOffsets.filter((queueOffset) => before.queueOffsets.includes(queueOffset))
  return new Map(again.map((queueOffset) => [queueOffset, (before.counts.get(queueOffset) ?? 0) + 1]))
}
