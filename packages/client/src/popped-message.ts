import { decodePopReceipt, MqError, type PopReceipt } from '@rockhopper/message'
import type { BatchAck } from '@rockhopper/remoting'
import type { MessageView } from './message-view.js'

/** A received message with what acknowledges it. */
export interface PoppedMessage extends MessageView {
  /** Holds until the message is invisible no more, over restarts of broker and client. */
  readonly receipt: string
}

/** Throws MqError ARGUMENT_ILLEGAL. */
export function receiptOf(receipt: string): PopReceipt {
  const decoded = decodePopReceipt(receipt)
  if (decoded !== undefined) return decoded
  throw new MqError('ARGUMENT_ILLEGAL', `'${receipt}' is no receipt of a received message`)
}

/** One entry per pop and queue, with a bit for each message of it (remoting.md section 25.6). */
export function batchAcks(consumerGroup: string, messages: readonly PoppedMessage[]): BatchAck[] {
  const read = messages.map(({ queueOffset, receipt, topic }) => {
    return { ...receiptOf(receipt), queueOffset, topic }
  })
  type Read = (typeof read)[number]
  const keyOf = ({ ckQueueOffset, popTime, queueId, retryFlag, reviveQid, topic }: Read) =>
    [topic, retryFlag, queueId, ckQueueOffset, popTime, reviveQid].join(' ')
  return [...grouped(read, keyOf).values()].map((own) => {
    const first = own[0] as Read
    return {
      c: consumerGroup,
      t: first.topic,
      r: first.retryFlag,
      so: first.ckQueueOffset,
      q: first.queueId,
      rq: first.reviveQid,
      pt: first.popTime,
      it: first.invisibleTime,
      b: bitsOf(own.map(({ queueOffset }) => queueOffset - first.ckQueueOffset)),
    }
  })
}

/** In the order of their first occurrence. */
export function grouped<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const key = keyOf(value)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [value])
    else group.push(value)
  }
  return groups
}

/** Java's BitSet.toByteArray in Base64: bit n is bit n % 8 of byte n / 8. */
function bitsOf(positions: readonly number[]): string {
  const bits = Buffer.alloc((Math.max(...positions) >>> 3) + 1)
  for (const n of positions) bits[n >>> 3] = (bits[n >>> 3] as number) | (1 << (n & 7))
  return bits.toString('base64')
}
