import { type Properties, Property, SystemTopic } from '@rockhopper/message'

export interface Destination {
  readonly topic: string
  readonly queueId: number
}

const TIMER_PROPERTIES = [Property.TIMER_DELAY_SEC, Property.TIMER_DELAY_MS, Property.TIMER_DELIVER_MS]

/** The delay level a message asks for, 0 for none. Text that is no number asks for none. */
export function delayLevelOf(properties: Properties): number {
  const text = properties[Property.DELAY]
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0
}

/**
 * Turns a message into one that waits in its level's queue, and remembers where it was going (Apache:
 * HookUtils.transformDelayLevelMessage). Changes `properties`. A level past the last one becomes the last.
 */
export function parkDelayed(
  properties: Properties,
  destination: Destination,
  levelCount: number,
): Destination {
  const level = Math.min(delayLevelOf(properties), levelCount)
  for (const name of TIMER_PROPERTIES) delete properties[name]
  properties[Property.DELAY] = String(level)
  properties[Property.REAL_TOPIC] = destination.topic
  properties[Property.REAL_QID] = String(destination.queueId)
  return { topic: SystemTopic.SCHEDULE, queueId: level - 1 }
}
