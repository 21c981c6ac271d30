import { encodeRecallHandle, isRetryTopic, type Properties, Property, SystemTopic } from '@rockhopper/message'
import { ResponseCode } from '@rockhopper/remoting'
import type { TimerStore } from '@rockhopper/store'
import type { BrokerConfig } from '../config.js'
import type { Destination } from '../delayed-message.js'
import type { BrokerParts } from '../parts.js'
import type { Refusal } from '../send-checks.js'

export type TimedParts = Pick<BrokerParts, 'clock' | 'config' | 'random' | 'timerStore'>

/** True for a message that asks for a time and was not in the wheel yet (Apache: checkIfTimerMessage). */
export function wantsTimer(topic: string, properties: Properties): boolean {
  if (topic === SystemTopic.TIMER || properties[Property.TIMER_OUT_MS] !== undefined) return false
  return (
    properties[Property.TIMER_DELAY_SEC] !== undefined ||
    properties[Property.TIMER_DELAY_MS] !== undefined ||
    properties[Property.TIMER_DELIVER_MS] !== undefined
  )
}

/**
 * Turns a message into one that waits in the timer topic, and remembers where it was going (Apache:
 * HookUtils.transformTimerMessage). Changes `properties`. A time that is past leaves the destination as it
 * is.
 */
export function parkTimed(
  parts: TimedParts,
  properties: Properties,
  destination: Destination,
): Destination | Refusal {
  const { clock, config, timerStore } = parts
  if (timerStore === undefined) {
    const remark = 'accurate timer message is not enabled, timerWheelEnable is false'
    return { code: ResponseCode.SYSTEM_ERROR, remark }
  }
  const now = clock.now()
  const deliverMs = deliverTime(properties, now)
  if (deliverMs === undefined) return illegal(config)
  if (deliverMs <= now) {
    return properties[Property.TIMER_DEL_UNIQKEY] === undefined ? destination : illegal(config)
  }
  if (deliverMs - now > config.timerMaxDelaySec * 1_000) return illegal(config)
  const { precisionMs } = timerStore
  // A tick is read when it is over: the one that ends at the due time or holds it.
  const outMs = Math.ceil(deliverMs / precisionMs) * precisionMs - precisionMs
  if (isCongested(parts, timerStore, outMs)) return flowControl(config)
  properties[Property.TIMER_OUT_MS] = String(outMs)
  properties[Property.REAL_TOPIC] = destination.topic
  properties[Property.REAL_QID] = String(destination.queueId)
  return { topic: SystemTopic.TIMER, queueId: 0 }
}

/** The first of the three that is there, as Java's Long.parseLong reads it; undefined for any other text. */
function deliverTime(properties: Properties, now: number): number | undefined {
  const seconds = properties[Property.TIMER_DELAY_SEC]
  if (seconds !== undefined) return plus(now, seconds, 1_000)
  const ms = properties[Property.TIMER_DELAY_MS]
  if (ms !== undefined) return plus(now, ms, 1)
  return plus(0, properties[Property.TIMER_DELIVER_MS] ?? '', 1)
}

function plus(start: number, text: string, factor: number): number | undefined {
  if (!/^[+-]?\d{1,19}$/.test(text)) return undefined
  const value = Number(text)
  return Math.abs(value) < 2 ** 63 ? start + value * factor : undefined
}

/** Apache: TimerMessageStore.isReject: above the limit by chance, above twice the limit always. */
function isCongested({ config, random }: TimedParts, timerStore: TimerStore, outMs: number): boolean {
  const waiting = timerStore.slot(outMs)?.num ?? 0
  const limit = config.timerCongestNumEachSlot
  if (waiting <= limit) return false
  if (waiting >= limit * 2) return true
  return random.int(1_000) > (1_000 * (waiting - limit)) / (limit + 0.1)
}

function illegal({ timerMaxDelaySec }: BrokerConfig): Refusal {
  const mostMs = timerMaxDelaySec * 1_000
  const remark =
    `timer message illegal, the delay time should not be bigger than the max delay ${mostMs}ms; ` +
    'or if set del msg, the delay time should be bigger than the current time'
  return { code: ResponseCode.MESSAGE_ILLEGAL, remark }
}

function flowControl({ timerCongestNumEachSlot: limit }: BrokerConfig): Refusal {
  const remark =
    `timer message is under flow control, max num limit is ${limit * 2} or the current value is greater ` +
    `than ${limit} and less than ${limit * 2}, trigger random flow control`
  return { code: ResponseCode.SYSTEM_ERROR, remark }
}

/** What recalls a parked message (Apache: SendMessageProcessor.attachRecallHandle). */
export function recallHandleOf(
  { brokerName }: Pick<BrokerConfig, 'brokerName'>,
  properties: Properties,
): string | undefined {
  const outMs = properties[Property.TIMER_OUT_MS]
  const topic = properties[Property.REAL_TOPIC]
  if (outMs === undefined || topic === undefined || isRetryTopic(topic)) return undefined
  // One more than the start of the tick, so that parking the recall finds the same tick.
  const timestamp = String(Number(outMs) + 1)
  return encodeRecallHandle({ topic, brokerName, timestamp, messageId: properties[Property.UNIQ_KEY] ?? '' })
}

/** The name of a message in a recall (Apache: TimerMessageStore.buildDeleteKey). */
export function deleteKey(topic: string, uniqueKey: string): string {
  return `${topic}+${uniqueKey}`
}
