import type { Host } from '@rockhopper/env'
import { isRetryTopic, MqError } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import type { ConsumeFromWhere } from '../push-consumer-options.js'
import type { OffsetStore } from './offset-store.js'

export interface QueueBounds {
  minOffset(queue: MessageQueue): Promise<number>
  maxOffset(queue: MessageQueue): Promise<number>
  searchOffset(queue: MessageQueue, timestamp: number): Promise<number>
}

/**
 * Where a member begins in a queue it was just given (remoting.md section 18; Apache:
 * RebalancePushImpl.computePullFromWhereWithException). Rejects when it cannot be told now: the queue is
 * then not taken, because a guess would skip or repeat messages.
 */
export async function startOffset(
  queue: MessageQueue,
  offsets: OffsetStore,
  bounds: QueueBounds,
  from: { readonly where: ConsumeFromWhere; readonly timestamp: number },
): Promise<number> {
  const kept = await offsets.load(queue)
  if (kept !== undefined && kept >= 0) return kept
  const computed = await computedOffset(queue, bounds, from)
  // The next pull commits it. Were it not kept, a member that takes over before the first message was done
  // would compute it anew, and pass over all that came in between.
  offsets.update(queue, computed)
  return computed
}

async function computedOffset(
  queue: MessageQueue,
  bounds: QueueBounds,
  from: { readonly where: ConsumeFromWhere; readonly timestamp: number },
): Promise<number> {
  switch (from.where) {
    case 'CONSUME_FROM_LAST_OFFSET':
      // Retries of this very group: none of them may be skipped.
      return isRetryTopic(queue.topic) ? 0 : bounds.maxOffset(queue)
    case 'CONSUME_FROM_FIRST_OFFSET':
      return bounds.minOffset(queue)
    case 'CONSUME_FROM_TIMESTAMP':
      return isRetryTopic(queue.topic) ? bounds.minOffset(queue) : bounds.searchOffset(queue, from.timestamp)
  }
}

/** Ms since 1970 of the option `consumeTimestamp`. Text is Apache's `yyyyMMddHHmmss` in local time. */
export function consumeTimestampOf(option: number | string | undefined, now: number, host: Host): number {
  if (option === undefined) return now - 30 * 60_000
  if (typeof option === 'number') return option
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(option)
  if (parts === null) {
    throw new MqError('ARGUMENT_ILLEGAL', `Reading consumeTimestamp '${option}' as yyyyMMddHHmmss`)
  }
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const utc = Date.UTC(year, month - 1, day, hour, minute, second)
  return utc + host.timezoneOffsetMinutes(utc) * 60_000
}
