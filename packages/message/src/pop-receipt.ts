import { POP_ORDER_REVIVE_QUEUE, type RetryFlag } from './pop-topics.js'

/**
 * What a popped message is acknowledged with (Apache: ExtraInfoUtil; remoting.md section 25.4):
 *
 *   ckQueueOffset popTime invisibleTime reviveQid retryFlag brokerName queueId msgQueueOffset
 */
export interface PopReceipt {
  /** Where the pop began in its queue: names the checkpoint. */
  readonly ckQueueOffset: number
  /** Ms since 1970, of the broker's clock. */
  readonly popTime: number
  /** Ms. */
  readonly invisibleTime: number
  /** 999 for an orderly pop. */
  readonly reviveQid: number
  readonly retryFlag: RetryFlag
  readonly brokerName: string
  readonly queueId: number
  /** Of the message itself. */
  readonly queueOffset: number
}

export function encodePopReceipt(receipt: PopReceipt): string {
  const { brokerName, ckQueueOffset, invisibleTime, popTime, queueId, queueOffset, retryFlag, reviveQid } =
    receipt
  return [ckQueueOffset, popTime, invisibleTime, reviveQid, retryFlag, brokerName, queueId, queueOffset].join(
    ' ',
  )
}

/** Undefined for a text that is no receipt. One of seven fields, without the message's offset, has -1. */
export function decodePopReceipt(text: string): PopReceipt | undefined {
  const parts = text.split(' ')
  if (parts.length < 7 || parts.length > 8) return undefined
  const [ckQueueOffset, popTime, invisibleTime, reviveQid] = parts.slice(0, 4).map(integer)
  const retryFlag = parts[4]
  const brokerName = parts[5] as string
  const queueId = integer(parts[6] as string)
  const queueOffset = parts[7] === undefined ? -1 : integer(parts[7])
  if (ckQueueOffset === undefined || popTime === undefined || invisibleTime === undefined) return undefined
  if (reviveQid === undefined || queueId === undefined || queueOffset === undefined) return undefined
  if (retryFlag !== '0' && retryFlag !== '1' && retryFlag !== '2') return undefined
  return { ckQueueOffset, popTime, invisibleTime, reviveQid, retryFlag, brokerName, queueId, queueOffset }
}

export const isOrderlyReceipt = ({ reviveQid }: PopReceipt): boolean => reviveQid === POP_ORDER_REVIVE_QUEUE

function integer(text: string): number | undefined {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : undefined
}
