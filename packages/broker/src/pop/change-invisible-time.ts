import { decodePopReceipt, isOrderlyReceipt, type PopReceipt } from '@rockhopper/message'
import { ok, type Reply, type RequestHeader, ResponseCode, refuse } from '@rockhopper/remoting'
import { ackUnordered } from './ack-message.js'
import { refuseAckQueue } from './pop-checks.js'
import { queueKey } from './pop-locks.js'
import type { PopParts } from './pop-parts.js'
import { writeCheckpoint } from './revive-messages.js'

type ChangeHeader = RequestHeader<'CHANGE_MESSAGE_INVISIBLETIME'>
type ChangeReply = Reply<'CHANGE_MESSAGE_INVISIBLETIME'>

/** Code 200053 (Apache: ChangeInvisibleTimeProcessor). The answer makes a new receipt. */
export function changeInvisibleTime(parts: PopParts) {
  return { CHANGE_MESSAGE_INVISIBLETIME: (header: ChangeHeader) => change(parts, header) }
}

async function change(parts: PopParts, header: ChangeHeader): Promise<ChangeReply> {
  const { extraInfo, offset, queueId, topic } = header
  const refused = refuseAckQueue(parts, header)
  if (refused !== undefined) return refuse(refused.code, refused.remark)
  if (offset < parts.store.minOffset(topic, queueId) || offset >= parts.store.maxOffset(topic, queueId)) {
    return refuse(ResponseCode.NO_MESSAGE)
  }
  const receipt = decodePopReceipt(extraInfo)
  if (receipt === undefined) return refuse(ResponseCode.SYSTEM_ERROR, `'${extraInfo}' is no receipt of a pop`)
  return isOrderlyReceipt(receipt)
    ? changeOrderly(parts, header, receipt)
    : changeUnordered(parts, header, receipt)
}

/** A checkpoint of the one message first, then it leaves the old one: never is it in neither. */
async function changeUnordered(
  parts: PopParts,
  { consumerGroup, invisibleTime, offset, queueId, topic }: ChangeHeader,
  old: PopReceipt,
): Promise<ChangeReply> {
  const { brokerName, reviveQid } = old
  if (reviveQid < 0 || reviveQid >= parts.config.reviveQueueNum) {
    return refuse(ResponseCode.SYSTEM_ERROR, `there is no revive queue ${reviveQid}`)
  }
  const popTime = parts.clock.now()
  const message = { topic, consumerGroup, queueId, queueOffsets: [offset], brokerName }
  const checkpoint = { ...message, startOffset: offset, popTime, invisibleTime }
  const written = await writeCheckpoint(parts, checkpoint, reviveQid)
  if (!('placed' in written)) return refuse(ResponseCode.SYSTEM_ERROR, written.remark)
  const before = { startOffset: old.ckQueueOffset, popTime: old.popTime, invisibleTime: old.invisibleTime }
  const failed = await ackUnordered(parts, { ...message, ...before, isBatch: false }, reviveQid)
  if (failed !== undefined) return refuse(failed.code, failed.remark)
  return ok({ popTime, invisibleTime, reviveQid })
}

async function changeOrderly(
  parts: PopParts,
  { consumerGroup, invisibleTime, offset, queueId, topic }: ChangeHeader,
  { popTime, reviveQid }: PopReceipt,
): Promise<ChangeReply> {
  const { clock, offsets, orders, polling, popLocks } = parts
  const isOld = () => offset < (offsets.get(consumerGroup, topic, queueId) ?? -1)
  const unchanged = ok({ popTime: 0, invisibleTime: 0, reviveQid: 0 })
  if (isOld()) return unchanged
  const key = queueKey(topic, consumerGroup, queueId)
  await popLocks.lock(key)
  try {
    if (isOld()) return unchanged
    const visibleAt = clock.now() + invisibleTime
    orders.setNextVisible({ topic, consumerGroup, queueId, popTime }, offset, visibleAt)
    return ok({ popTime, invisibleTime: visibleAt - popTime, reviveQid })
  } finally {
    const turnedAway = popLocks.unlock(key)
    if (turnedAway || !orders.isBlocked(topic, consumerGroup, queueId, undefined)) {
      polling.wake(topic, consumerGroup, queueId)
    }
  }
}
