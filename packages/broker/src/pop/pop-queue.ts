import { type OrderCount, type PoppedQueue, recordQueueOffset, retryFlagOf } from '@rockhopper/message'
import type { RequestHeader } from '@rockhopper/remoting'
import type { GetMessageResult } from '@rockhopper/store'
import { filterOfRead, type PullFilter } from '../pull-subscription.js'
import { queueKey } from './pop-locks.js'
import { restOf, takePopOffset } from './pop-offset.js'
import type { PopParts } from './pop-parts.js'
import { asOriginalTopic } from './retry-record.js'
import { writeCheckpoint } from './revive-messages.js'

/** One pop: it goes through queues until it has enough. */
export interface PopRun {
  readonly header: RequestHeader<'POP_MESSAGE'>
  readonly filter: PullFilter
  readonly popTime: number
  readonly reviveQid: number
  readonly records: Buffer[]
  readonly queues: PoppedQueue[]
  readonly orderCounts: OrderCount[]
  /** Estimate of what is left. */
  rest: number
  /** An offset moved although nothing was found: looking again is no loop. */
  moved: boolean
}

/** A queue of the topic itself or of a retry topic. */
export interface RealQueue {
  readonly topic: string
  readonly queueId: number
}

const LOOK_AGAIN = new Set(['OFFSET_TOO_SMALL', 'OFFSET_OVERFLOW_BADLY', 'OFFSET_FOUND_NULL'])

/**
 * Takes messages of one queue into the run (Apache: PopMessageProcessor.popMsgFromQueue). What was taken is
 * invisible: its checkpoint is kept before the offset moves, so whatever crashes when, it comes again.
 */
export async function popQueue(parts: PopParts, run: PopRun, queue: RealQueue): Promise<void> {
  const { popLocks, polling } = parts
  const { consumerGroup, order } = run.header
  const key = queueKey(queue.topic, consumerGroup, queue.queueId)
  if (!popLocks.tryLock(key)) {
    if (order !== true) run.rest += restOf(parts, positionOf(run, queue))
    return
  }
  try {
    await popLocked(parts, run, queue)
  } finally {
    if (popLocks.unlock(key)) polling.wake(queue.topic, consumerGroup, queue.queueId)
  }
}

async function popLocked(parts: PopParts, run: PopRun, queue: RealQueue): Promise<void> {
  const { attemptId, consumerGroup, invisibleTime, maxMsgNums, order } = run.header
  const position = positionOf(run, queue)
  const startOffset = takePopOffset(parts, position)
  const { queueId, topic } = queue
  // What a blocked queue holds is no reason to look again: an acknowledgement or the clock will tell.
  if (order === true && parts.orders.isBlocked(topic, consumerGroup, queueId, attemptId, invisibleTime))
    return
  if (run.records.length >= maxMsgNums) {
    run.rest += restOf(parts, position)
    return
  }
  const { from, result } = await read(parts, run, queue, startOffset)
  try {
    if (result.records.length > 0) await take(parts, run, queue, from, result)
    else skip(parts, run, queue, from, result)
  } finally {
    result.release()
  }
}

function positionOf({ header: { consumerGroup, initMode } }: PopRun, queue: RealQueue) {
  return { ...queue, consumerGroup, initMode }
}

/** An offset that the queue does not have is corrected once. */
async function read(
  parts: PopParts,
  run: PopRun,
  { queueId, topic }: RealQueue,
  startOffset: number,
): Promise<{ readonly from: number; readonly result: GetMessageResult }> {
  const { offsets, store } = parts
  const query = () => ({
    topic,
    queueId,
    countMax: run.header.maxMsgNums - run.records.length,
    ...filterOfRead(parts.clock, run.filter),
  })
  const result = await store.getMessage({ ...query(), queueOffset: startOffset })
  if (!LOOK_AGAIN.has(result.status) || result.nextBeginOffset === startOffset) {
    return { from: startOffset, result }
  }
  result.release()
  const from = result.nextBeginOffset
  offsets.commit(run.header.consumerGroup, topic, queueId, from)
  run.moved = true
  return { from, result: await store.getMessage({ ...query(), queueOffset: from }) }
}

async function take(
  parts: PopParts,
  run: PopRun,
  queue: RealQueue,
  startOffset: number,
  { maxOffset, nextBeginOffset, records }: GetMessageResult,
): Promise<void> {
  const { config, offsets, orders, stats } = parts
  const { header, popTime, reviveQid } = run
  const { attemptId, consumerGroup, invisibleTime, order } = header
  const { queueId, topic } = queue
  const queueOffsets = records.map((record) => recordQueueOffset(record, 0))
  const popped = { topic, consumerGroup, queueId, popTime, invisibleTime, queueOffsets }
  if (order === true) {
    run.orderCounts.push(...orders.update({ ...popped, attemptId }))
    offsets.commit(consumerGroup, topic, queueId, startOffset)
  } else {
    const checkpoint = { ...popped, startOffset, brokerName: config.brokerName }
    const written = await writeCheckpoint(parts, checkpoint, reviveQid)
    if (!('placed' in written)) {
      parts.log.warn('POP_CHECKPOINT_REFUSED', { topic, queueId, code: written.code, remark: written.remark })
      run.rest += records.length
      return
    }
    advance(parts, run, queue, nextBeginOffset)
  }
  run.queues.push({ retryFlag: retryFlagOf(topic), queueId, startOffset, queueOffsets })
  run.rest += Math.max(0, maxOffset - nextBeginOffset)
  stats.gets.add(records.length)
  if (topic === header.topic || config.popResponseReturnActualRetryTopic) {
    for (const record of records) run.records.push(Buffer.from(record))
    return
  }
  const receipt = {
    ckQueueOffset: startOffset,
    popTime,
    invisibleTime,
    reviveQid,
    brokerName: config.brokerName,
  }
  for (const record of records) run.records.push(asOriginalTopic(record, header.topic, receipt))
}

/** Nothing that the group wants up to `nextBeginOffset`. */
function skip(
  parts: PopParts,
  run: PopRun,
  queue: RealQueue,
  startOffset: number,
  { maxOffset, nextBeginOffset, status }: GetMessageResult,
): void {
  const passes =
    status === 'NO_MATCHED_MESSAGE' ||
    status === 'OFFSET_FOUND_NULL' ||
    status === 'MESSAGE_WAS_REMOVING' ||
    status === 'NO_MATCHED_LOGIC_QUEUE'
  if (passes && nextBeginOffset > startOffset) advance(parts, run, queue, nextBeginOffset)
  run.rest += Math.max(0, maxOffset - nextBeginOffset)
}

/** A reset that came meanwhile wins. */
function advance({ offsets }: PopParts, run: PopRun, { queueId, topic }: RealQueue, to: number): void {
  const { consumerGroup } = run.header
  if (offsets.hasReset(consumerGroup, topic, queueId)) return
  offsets.commit(consumerGroup, topic, queueId, to)
  run.moved = true
}
