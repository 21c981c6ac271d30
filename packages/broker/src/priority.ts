import { type Properties, Property } from '@rockhopper/message'
import type { SubscriptionGroupConfig, TopicConfig } from '@rockhopper/remoting'

const OTHER_TYPES = [
  Property.DELAY,
  Property.TIMER_DELIVER_MS,
  Property.TIMER_DELAY_SEC,
  Property.TIMER_DELAY_MS,
  Property.SHARDING_KEY,
]

/**
 * Priority is the queue (RIP-80, Apache 5.4: SendMessageProcessor): the queue of a message with a priority,
 * whatever its sender chose, or undefined. A transaction, a delay or a sharding key count for more: then the
 * property is removed. The message's own properties decide, not the type of its topic.
 */
export function takePriorityQueue(
  properties: Properties,
  { writeQueueNums }: Pick<TopicConfig, 'writeQueueNums'>,
): number | undefined {
  const text = properties[Property.PRIORITY]
  const priority = /^\d{1,10}$/.test(text ?? '') ? Number(text) : -1
  if (priority < 0 || priority > 0x7fffffff) return undefined
  const isOther = properties[Property.TRAN_MSG] === 'true' || OTHER_TYPES.some((name) => name in properties)
  if (!isOther) return Math.min(priority, writeQueueNums - 1)
  delete properties[Property.PRIORITY]
  return undefined
}

/** Group attribute `priority.factor`: percent of pops that go by priority. */
const FACTOR_DEFAULT = 100

/** Whether a pop with this chance (0 to 99) takes higher queues first (Apache 5.4: PopMessageProcessor). */
export function popsByPriority(
  topic: TopicConfig,
  group: SubscriptionGroupConfig | undefined,
  chance: number,
): boolean {
  if (topic.attributes?.get('message.type') !== 'PRIORITY') return false
  const factor = Number(group?.attributes.get('priority.factor') ?? FACTOR_DEFAULT)
  return chance < factor
}
