import type { OrderInfo } from '@rockhopper/remoting'

/** What the last orderly pop of a queue gave away. */
export interface QueueOrder {
  readonly attemptId: string | undefined
  readonly popTime: number
  invisibleTime: number
  readonly queueOffsets: readonly number[]
  /** Beside `queueOffsets`. */
  readonly acked: boolean[]
  /** By queue offset, ms since 1970: messages whose invisible time was changed. */
  readonly nextVisible: Map<number, number>
  /** By queue offset: how often a message was given away before. */
  readonly counts: ReadonlyMap<number, number>
  readonly lastConsumeTimestamp: number
}

/** Apache's form: the first offset and the distances to it, the acknowledged ones as bits. */
export function encodeOrder(order: QueueOrder): OrderInfo {
  const { acked, attemptId, counts, nextVisible, queueOffsets } = order
  const first = queueOffsets[0] ?? 0
  return {
    ...(attemptId === undefined ? {} : { a: attemptId }),
    cm: acked.reduce((bits, isAcked, index) => bits + (isAcked ? 2 ** index : 0), 0),
    i: order.invisibleTime,
    l: order.lastConsumeTimestamp,
    o: queueOffsets.map((queueOffset, index) => (index === 0 ? queueOffset : queueOffset - first)),
    oc: counts,
    ...(nextVisible.size === 0 ? {} : { ot: nextVisible }),
    popTime: order.popTime,
  }
}

export function decodeOrder(info: OrderInfo): QueueOrder {
  const first = info.o[0] ?? 0
  return {
    attemptId: info.a,
    popTime: info.popTime,
    invisibleTime: info.i ?? 0,
    queueOffsets: info.o.map((value, index) => (index === 0 ? value : first + value)),
    acked: info.o.map((_, index) => Math.floor(info.cm / 2 ** index) % 2 === 1),
    nextVisible: new Map(info.ot),
    counts: new Map(info.oc),
    lastConsumeTimestamp: info.l,
  }
}
