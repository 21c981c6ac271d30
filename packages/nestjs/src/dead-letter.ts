import { createHash } from 'node:crypto'
import type { MessageView } from '@rockhopper/client'
import type { RocketMQExtras } from './extras.js'
import type { NativeProducer } from './native.js'
import { userProperties } from './properties.js'
import { errorNames } from './retry-policy.js'
import { errorText, type Verdict } from './verdict.js'

/** Properties of a message in a dead-letter queue: why it is there, and where it came from. */
export const DEAD_LETTER = {
  /** Text of the error, at most 1,000 characters. */
  reason: 'rockhopper-dlq-reason',
  /** Class of the error. */
  error: 'rockhopper-dlq-error',
  /** The same for failures at the same place in the code: 16 hex digits of the stack without its message. */
  stackHash: 'rockhopper-dlq-stack-hash',
  /** Deliveries it had. */
  attempt: 'rockhopper-dlq-attempt',
  /** Group that gave it up. */
  group: 'rockhopper-dlq-group',
  /** Topic it was sent to. */
  originTopic: 'rockhopper-dlq-origin-topic',
  /** Id its producer gave it. */
  originMessageId: 'rockhopper-dlq-origin-message-id',
} as const

/**
 * What the extra `dlq` says about a dead letter: dropped, or sent to a topic of the application's choice.
 * When that fails it is the group's own dead-letter queue after all.
 */
export async function placeDeadLetter(
  verdict: Verdict & { kind: 'dead-letter' },
  dlq: RocketMQExtras['dlq'],
  { message, plan }: { readonly message: MessageView; readonly plan: { readonly group: string } },
  producer: NativeProducer,
): Promise<Verdict> {
  if (dlq === false) return { kind: 'drop', reason: verdict.reason }
  if (typeof dlq !== 'object') return verdict
  const { body, tag, keys } = message
  const properties = {
    ...userProperties(message.properties),
    ...deadLetterProperties(verdict, message, plan.group),
  }
  try {
    await producer.send({ topic: dlq.topic, body, keys, properties, ...(tag === undefined ? {} : { tag }) })
    return { ...verdict, sent: true }
  } catch (error) {
    const reason = `${verdict.reason} (and '${dlq.topic}' did not take it: ${errorText(error)})`
    return { ...verdict, reason }
  }
}

const REASON_MAX = 1_000

export function deadLetterProperties(
  { reason, error }: Verdict & { kind: 'dead-letter' },
  message: MessageView,
  group: string,
): Record<string, string> {
  const stackHash = hashOfStack(error)
  const [name] = errorNames(error)
  return {
    [DEAD_LETTER.reason]: printable(reason).slice(0, REASON_MAX),
    ...(name === undefined ? {} : { [DEAD_LETTER.error]: printable(name) }),
    ...(stackHash === undefined ? {} : { [DEAD_LETTER.stackHash]: stackHash }),
    [DEAD_LETTER.attempt]: String(message.reconsumeTimes + 1),
    [DEAD_LETTER.group]: group,
    [DEAD_LETTER.originTopic]: message.topic,
    [DEAD_LETTER.originMessageId]: message.messageId,
  }
}

/** Undefined for what carries no stack, such as the plain objects Nest makes of errors. */
function hashOfStack(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return undefined
  const frames = String(error.stack)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
  return createHash('sha256').update(frames.join('\n')).digest('hex').slice(0, 16)
}

/** Control characters separate properties on the wire. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ').trim() || 'unknown'
