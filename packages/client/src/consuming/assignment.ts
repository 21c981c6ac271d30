import type { Clock, Log } from '@rockhopper/env'
import type { MessageQueue } from '@rockhopper/remoting'
import { endedOrAborted, settledWithin } from '../wait.js'
import { queueKey } from './allocation.js'
import type { Consumption } from './consumption.js'
import type { OffsetStore } from './offset-store.js'
import { type FlowLimits, ProcessQueue } from './process-queue.js'
import type { PullLoop } from './pull-loop.js'
import type { QueueLocks } from './queue-locks.js'

/**
 * How long a concurrent queue that moves to another member waits for its running calls, so that they count.
 */
const LEAVE_WAIT_MS = 1_000

export interface AssignmentParts {
  readonly clock: Clock
  readonly log: Log
  readonly offsets: OffsetStore
  readonly consumption: Consumption
  readonly limits: FlowLimits
  readonly pullLoop: (processQueue: ProcessQueue) => PullLoop
  /** Only an orderly clustering consumer has locks. */
  readonly locks: QueueLocks | undefined
}

interface Leave {
  /** How long running calls may still end and count. */
  readonly waitMs?: number
  /** Whether the offset known here is committed at the end. */
  readonly commits?: boolean
}

interface Assigned {
  readonly processQueue: ProcessQueue
  readonly pullLoop: PullLoop
}

/** The queues that are this member's now, and those it is about to give up. */
export class Assignment {
  readonly #parts: AssignmentParts
  readonly #assigned = new Map<string, Assigned>()
  readonly #leaving = new Map<string, Promise<void>>()
  readonly #leavingQueues = new Map<string, ProcessQueue>()

  constructor(parts: AssignmentParts) {
    this.#parts = parts
  }

  processQueues(): ProcessQueue[] {
    return [...this.#assigned.values()].map((row) => row.processQueue)
  }

  queues(): MessageQueue[] {
    return this.processQueues().map((processQueue) => processQueue.queue)
  }

  /** Queues whose locks are needed: a queue being left is unlocked only when its last call ended. */
  lockedQueues(): MessageQueue[] {
    return [...this.queues(), ...[...this.#leavingQueues.values()].map((processQueue) => processQueue.queue)]
  }

  has(queue: MessageQueue): boolean {
    return this.#assigned.has(queueKey(queue))
  }

  isLeaving(queue: MessageQueue): boolean {
    return this.#leaving.has(queueKey(queue))
  }

  /** Begins to pull. The queue is neither assigned nor being left. */
  add(queue: MessageQueue, startOffset: number): void {
    const processQueue = new ProcessQueue(queue, startOffset, this.#parts.limits)
    processQueue.takenAt = this.#parts.clock.monotonic()
    const pullLoop = this.#parts.pullLoop(processQueue)
    this.#assigned.set(queueKey(queue), { processQueue, pullLoop })
    pullLoop.start()
    this.#parts.log.info('client.queue.assigned', { ...queue, startOffset })
  }

  /**
   * Gives a queue up: no new calls; those that run may end and count (an orderly one must, before the lock
   * goes); then the offset is committed and the lock released. Resolves when all that happened.
   */
  release(queue: MessageQueue, options: Leave = {}): Promise<void> {
    const key = queueKey(queue)
    const assigned = this.#assigned.get(key)
    if (assigned === undefined) return this.#leaving.get(key) ?? Promise.resolve()
    this.#assigned.delete(key)
    this.#leavingQueues.set(key, assigned.processQueue)
    const patienceMs = this.#parts.locks === undefined ? LEAVE_WAIT_MS : Number.POSITIVE_INFINITY
    const leaving = this.#release(assigned, { waitMs: patienceMs, commits: true, ...options }).finally(() => {
      this.#leaving.delete(key)
      this.#leavingQueues.delete(key)
    })
    this.#leaving.set(key, leaving)
    return leaving
  }

  /**
   * As `release`, but what runs counts for nothing: the offset is set to `queueOffset` when given; else it
   * is left as the broker has it, which may be further than we know.
   */
  async drop(queue: MessageQueue, queueOffset?: number): Promise<void> {
    const { offsets } = this.#parts
    this.#assigned.get(queueKey(queue))?.processQueue.drop()
    if (queueOffset !== undefined) offsets.update(queue, queueOffset, true)
    await this.release(queue, { waitMs: 0, commits: queueOffset !== undefined })
  }

  /** Gives everything up; running calls are waited for at most `timeoutMs`. */
  async releaseAll(timeoutMs: number): Promise<void> {
    const releasing = this.queues().map((queue) => this.release(queue, { waitMs: timeoutMs }))
    const earlier = [...this.#leaving.keys()]
    // What was being left before this call has its own, longer patience: it ends with ours.
    const all = Promise.all([...releasing, ...this.#leaving.values()])
    if (await settledWithin(this.#parts.clock, all, timeoutMs + LEAVE_WAIT_MS)) return
    for (const key of earlier) this.#leavingQueues.get(key)?.drop()
  }

  async #release({ processQueue, pullLoop }: Assigned, { waitMs, commits }: Required<Leave>): Promise<void> {
    const { clock, consumption, offsets, locks, log } = this.#parts
    const { queue } = processQueue
    processQueue.leave()
    await pullLoop.ended()
    const quiet = endedOrAborted(consumption.quiet(processQueue), processQueue.signal)
    if (waitMs === Number.POSITIVE_INFINITY) await quiet
    else if (!(await settledWithin(clock, quiet, waitMs))) log.warn('client.queue.busy', { ...queue, waitMs })
    processQueue.drop()
    if (commits && (locks?.holds(processQueue) ?? true)) await offsets.settle(queue)
    offsets.remove(queue)
    await locks?.unlock([queue])
    log.info('client.queue.released', { ...queue })
  }
}
