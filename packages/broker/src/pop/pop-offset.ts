import { isRetryTopic } from '@rockhopper/message'
import type { PopParts } from './pop-parts.js'

/** From the last message, when a group has no offset yet (Apache: ConsumeInitMode.MAX). */
const FROM_MAX = 1

export interface PopPosition {
  readonly topic: string
  readonly consumerGroup: string
  readonly queueId: number
  /** 0: from the first message, 1: from the last, when the group has no offset. */
  readonly initMode: number
}

/**
 * Where the next pop of a queue begins (Apache: PopMessageProcessor.getPopOffset). Takes a pending reset;
 * a first offset is committed, whatever the pop then finds.
 */
export function takePopOffset(parts: PopParts, position: PopPosition): number {
  const { offsets, orders } = parts
  const { consumerGroup, queueId, topic } = position
  const reset = offsets.takeReset(consumerGroup, topic, queueId)
  if (reset !== undefined) {
    orders.clear(topic, consumerGroup, queueId)
    offsets.commit(consumerGroup, topic, queueId, reset)
    return reset
  }
  const committed = offsets.committed(consumerGroup, topic, queueId)
  if (committed !== undefined) return committed
  const first = firstOffset(parts, position)
  offsets.commit(consumerGroup, topic, queueId, first)
  return first
}

/** The same, changing nothing: for estimates of what is left. */
export function peekPopOffset(parts: PopParts, position: PopPosition): number {
  const { consumerGroup, queueId, topic } = position
  return parts.offsets.get(consumerGroup, topic, queueId) ?? firstOffset(parts, position)
}

/** Messages of a queue that the group did not pop yet. */
export function restOf(parts: PopParts, position: PopPosition): number {
  return Math.max(0, parts.store.maxOffset(position.topic, position.queueId) - peekPopOffset(parts, position))
}

function firstOffset({ config, store }: PopParts, { initMode, queueId, topic }: PopPosition): number {
  const minOffset = store.minOffset(topic, queueId)
  if (initMode !== FROM_MAX || isRetryTopic(topic)) return minOffset
  if (config.initPopOffsetByCheckMsgInMem && minOffset <= 0 && store.inMemory(topic, queueId, 0)) return 0
  // Apache gives the last message, not only those that come after it.
  return Math.max(0, store.maxOffset(topic, queueId) - 1)
}
