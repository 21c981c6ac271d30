import type { MessageQueue } from '@rockhopper/remoting'

/** Where a group's progress in its queues is kept. Offsets are the next queue offset to consume. */
export interface OffsetStore {
  /** What is kept for a queue; undefined when there is nothing. Rejects when that cannot be told now. */
  load(queue: MessageQueue): Promise<number | undefined>
  /** What `update` said last; undefined when it said nothing since the queue was taken. */
  current(queue: MessageQueue): number | undefined
  /** Remembers; `persist` keeps. A lower offset than the current one is ignored unless `backwards`. */
  update(queue: MessageQueue, queueOffset: number, backwards?: boolean): void
  /**
   * Keeps what was remembered for these queues and not yet kept. Never rejects: what failed is tried next
   * time.
   */
  persist(queues: readonly MessageQueue[]): Promise<void>
  /** As `persist`, for a queue that is given up: what is kept when it resolves is what was remembered. */
  settle(queue: MessageQueue): Promise<void>
  /** Forgets what was remembered for a queue; what is kept stays. */
  remove(queue: MessageQueue): void
}
