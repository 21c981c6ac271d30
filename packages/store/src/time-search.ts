import { recordStoreTimestamp } from '@rockhopper/message'
import type { ConsumeQueue } from './consume-queue.js'
import { isFiller, unitPhysicalOffset } from './consume-queue-unit.js'
import type { LogReader } from './log-reader.js'

/** Bytes of a record up to its store timestamp, with an IPv6 born host. */
const HEAD_SIZE = 76
/** Entries in a row whose records are damaged are few: as many are passed to find a neighbour's time. */
const DAMAGED_PASSED_MAX = 64

export interface TimeContext {
  readonly reader: LogReader
  readonly minPhysicalOffset: number
}

/** Store time of the record of one entry; -1 when there is none. */
export async function storeTimeOf(
  context: TimeContext,
  queue: ConsumeQueue,
  queueOffset: number,
): Promise<number> {
  if (queueOffset < queue.minOffset || queueOffset >= queue.maxOffset) return -1
  const unit = queue.read(queueOffset, 1)
  if (unit === undefined || unit.length === 0 || isFiller(unit, 0)) return -1
  const physicalOffset = unitPhysicalOffset(unit, 0)
  if (physicalOffset < context.minPhysicalOffset) return -1
  return recordStoreTime(context.reader, physicalOffset, Number.MAX_SAFE_INTEGER)
}

/** Store time of the record at a physical offset below `limit`; -1 when there is none. */
export async function recordStoreTime(
  reader: LogReader,
  physicalOffset: number,
  limit: number,
): Promise<number> {
  if (physicalOffset + HEAD_SIZE > limit) return -1
  const head = Buffer.allocUnsafe(HEAD_SIZE)
  const found = await reader.read(physicalOffset, head)
  return found === 'missing' ? -1 : recordStoreTimestamp(head, 0)
}

/**
 * LOWER: the first queue offset stored at or after `timestamp`, maxOffset when all are older. UPPER: the
 * last one stored at or before it; minOffset when all are younger, maxOffset when there is none at all.
 * An entry without a record counts as stored with the one before it. Source:
 * ConsumeQueue#getOffsetInQueueByTime, over all files at once, in the range that
 * ConsumeQueueStore#getOffsetInQueueByTime allows.
 */
export async function offsetByTimestamp(
  context: TimeContext,
  queue: ConsumeQueue,
  timestamp: number,
  boundary: 'LOWER' | 'UPPER',
): Promise<number> {
  const { minOffset, maxOffset } = queue
  if (minOffset >= maxOffset) return maxOffset
  let low = minOffset
  let high = maxOffset
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2)
    const storeTime = await timeNear(context, queue, Math.max(low, middle - DAMAGED_PASSED_MAX), middle)
    if (boundary === 'LOWER' ? storeTime >= timestamp : storeTime > timestamp) high = middle
    else low = middle + 1
  }
  return boundary === 'LOWER' ? low : Math.max(minOffset, low - 1)
}

/** Store time of the last entry in [from, to] that has one; -1 when none has. */
async function timeNear(
  context: TimeContext,
  queue: ConsumeQueue,
  from: number,
  to: number,
): Promise<number> {
  for (let queueOffset = to; queueOffset >= from; queueOffset--) {
    const storeTime = await storeTimeOf(context, queue, queueOffset)
    if (storeTime >= 0) return storeTime
  }
  return -1
}
