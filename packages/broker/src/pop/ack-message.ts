import { decodePopReceipt, isOrderlyReceipt, type RetryFlag, realPopTopic } from '@rockhopper/message'
import {
  type BatchAck,
  BatchAckMessageRequestBody,
  ok,
  type Reply,
  type Request,
  type RequestHeader,
  ResponseCode,
  refuse,
} from '@rockhopper/remoting'
import type { Refusal } from '../send-checks.js'
import { refuseAckQueue } from './pop-checks.js'
import { queueKey } from './pop-locks.js'
import type { PopParts } from './pop-parts.js'
import { type Acknowledgement, writeAck } from './revive-messages.js'

/** Messages of one acknowledgement: a pop gives no more of one queue. */
const OFFSETS_MAX = 32
/** Bits of a batch that are looked at; with filters, offsets of one pop may lie far apart. */
const BITS_MAX = 1 << 20
/** Queues of one batch. */
const ACKS_MAX = 4_096
const ORDER_REVIVE_QUEUE = 999

/**
 * Codes 200051 and 200151 (Apache: AckMessageProcessor). Nobody looks whether a receipt is still good: an
 * acknowledgement that comes too late finds no checkpoint and removes nothing. Unlike Apache, which logs it
 * and answers 0, one that could not be stored is refused: the client may try again.
 */
export function ackProcessors(parts: PopParts) {
  return {
    ACK_MESSAGE: (header: RequestHeader<'ACK_MESSAGE'>) => ack(parts, header),
    BATCH_ACK_MESSAGE: (_: object, request: Request) => ackBatch(parts, request),
  }
}

async function ack(parts: PopParts, header: RequestHeader<'ACK_MESSAGE'>): Promise<Reply<'ACK_MESSAGE'>> {
  const { consumerGroup, extraInfo, offset, queueId, topic } = header
  const refused = refuseAckQueue(parts, header)
  if (refused !== undefined) return refuse(refused.code, refused.remark)
  const minOffset = parts.store.minOffset(topic, queueId)
  const maxOffset = parts.store.maxOffset(topic, queueId)
  if (offset < minOffset || offset > maxOffset) {
    const range = `store:${minOffset}~${maxOffset}`
    const remark = `offset is illegal, key:${topic}@${queueId}, commit:${offset}, ${range}`
    return refuse(ResponseCode.NO_MESSAGE, remark)
  }
  const receipt = decodePopReceipt(extraInfo)
  if (receipt === undefined) return refuse(ResponseCode.SYSTEM_ERROR, `'${extraInfo}' is no receipt of a pop`)
  const { brokerName, ckQueueOffset: startOffset, invisibleTime, popTime, reviveQid } = receipt
  const popped = { topic, consumerGroup, queueId, startOffset, popTime, invisibleTime, brokerName }
  const each = { ...popped, queueOffsets: [offset], isBatch: false }
  const failed = isOrderlyReceipt(receipt)
    ? await ackOrderly(parts, each, offset)
    : await ackUnordered(parts, each, reviveQid)
  return failed === undefined ? ok() : refuse(failed.code, failed.remark)
}

async function ackBatch(parts: PopParts, { body }: Request): Promise<Reply<'BATCH_ACK_MESSAGE'>> {
  if (body === undefined || body.length === 0) return refuse(ResponseCode.NO_MESSAGE)
  const { acks, brokerName = parts.config.brokerName } = BatchAckMessageRequestBody.decode(body)
  if (acks.length === 0) return refuse(ResponseCode.NO_MESSAGE)
  if (acks.length > ACKS_MAX) {
    return refuse(ResponseCode.INVALID_PARAMETER, `more than ${ACKS_MAX} acknowledgements in one batch`)
  }
  for (const each of acks) {
    const failed = await ackOneOfBatch(parts, each, brokerName)
    if (failed !== undefined) return refuse(failed.code, failed.remark)
  }
  return ok()
}

async function ackOneOfBatch(
  parts: PopParts,
  { b, c, it, pt, q, r, rq, so, t }: BatchAck,
  brokerName: string,
): Promise<Refusal | undefined> {
  if (r !== '0' && r !== '1' && r !== '2') {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `'${r}' is no retry flag` }
  }
  const topic = realPopTopic(t, c, r satisfies RetryFlag)
  // Apache goes on with the next one when there is no such queue.
  if (refuseAckQueue(parts, { topic, queueId: q }) !== undefined) return undefined
  const minOffset = parts.store.minOffset(topic, q)
  const maxOffset = parts.store.maxOffset(topic, q)
  const queueOffsets = offsetsOf(Buffer.from(b, 'base64'), so).filter(
    (at) => at >= minOffset && at <= maxOffset,
  )
  const popped = { topic, consumerGroup: c, queueId: q, startOffset: so, popTime: pt, invisibleTime: it }
  const shared = { ...popped, brokerName, isBatch: true }
  if (rq === ORDER_REVIVE_QUEUE) {
    for (const queueOffset of queueOffsets) {
      const failed = await ackOrderly(parts, { ...shared, queueOffsets: [queueOffset] }, queueOffset)
      if (failed !== undefined) return failed
    }
    return undefined
  }
  for (let at = 0; at < queueOffsets.length; at += OFFSETS_MAX) {
    const some = { ...shared, queueOffsets: queueOffsets.slice(at, at + OFFSETS_MAX) }
    const failed = await ackUnordered(parts, some, rq)
    if (failed !== undefined) return failed
  }
  return undefined
}

/** Java's BitSet.toByteArray: bit n is bit n % 8 of byte n / 8. */
function offsetsOf(bits: Uint8Array, startOffset: number): number[] {
  const queueOffsets: number[] = []
  const count = Math.min(bits.length * 8, BITS_MAX)
  for (let n = 0; n < count; n++) {
    if (((bits[n >>> 3] as number) & (1 << (n & 7))) !== 0) queueOffsets.push(startOffset + n)
  }
  return queueOffsets
}

/** Also how code 200053 ends the old invisible time. */
export async function ackUnordered(
  parts: PopParts,
  each: Acknowledgement,
  reviveQid: number,
): Promise<Refusal | undefined> {
  if (reviveQid < 0 || reviveQid >= parts.config.reviveQueueNum) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `there is no revive queue ${reviveQid}` }
  }
  const written = await writeAck(parts, each, reviveQid)
  if ('placed' in written) return undefined
  return { code: written.code, remark: written.remark ?? 'the acknowledgement could not be stored' }
}

async function ackOrderly(
  parts: PopParts,
  { consumerGroup, popTime, queueId, topic }: Acknowledgement,
  queueOffset: number,
): Promise<Refusal | undefined> {
  const { offsets, orders, polling, popLocks } = parts
  const isOld = () => queueOffset < (offsets.get(consumerGroup, topic, queueId) ?? -1)
  if (isOld()) return undefined
  const key = queueKey(topic, consumerGroup, queueId)
  await popLocks.lock(key)
  try {
    if (isOld()) return undefined
    const result = orders.commitAndNext(topic, consumerGroup, queueId, queueOffset, popTime)
    // Of an earlier pop: the message is given away again, or was acknowledged.
    if (result === 'stale') return undefined
    if (result === 'illegal') {
      const remark = `offset is illegal, key:${key}, commit:${queueOffset}`
      return { code: ResponseCode.MESSAGE_ILLEGAL, remark }
    }
    if (!offsets.hasReset(consumerGroup, topic, queueId)) {
      offsets.commit(consumerGroup, topic, queueId, result.next)
    }
    return undefined
  } finally {
    const turnedAway = popLocks.unlock(key)
    if (turnedAway || !orders.isBlocked(topic, consumerGroup, queueId, undefined)) {
      polling.wake(topic, consumerGroup, queueId)
    }
  }
}
