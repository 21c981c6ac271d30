import type { MessageQueue, MessageView } from '@rockhopper/client'

/** Somewhere lines are kept. The writing loop calls it for one queue after the other, in queue order. */
export interface LineSink {
  readonly name: string
  readonly consumerGroup: string
  /** For people: where it is. */
  readonly address: string
  /** Once before anything else; again after it rejected. */
  prepare(): Promise<void>
  /** Where to go on in a queue by what is kept; undefined: by the group's committed offset. */
  nextOffset(queue: MessageQueue): Promise<number | undefined>
  /**
   * Resolves when every line of these messages is kept: with the offset after the last message, or another
   * one when somebody else wrote meanwhile. Rejects when the sink is down; then the same messages come
   * again.
   */
  store(queue: MessageQueue, messages: readonly MessageView[], told: SinkTold): Promise<number>
  /** Housekeeping, called now and then. */
  tidy(): Promise<void>
  close(): Promise<void>
}

/** What a sink counts while it stores. */
export interface SinkTold {
  stored(lines: number): void
  repeated(lines: number): void
  refused(lines: number): void
}
