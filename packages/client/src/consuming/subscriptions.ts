import type { Clock } from '@rockhopper/env'
import { checkTopic, MqError, parseTagExpression } from '@rockhopper/message'

/** `*`, tags joined by `||`, or an SQL92 expression over properties, which the broker evaluates. */
export type FilterExpression = string | { readonly sql: string }

/** What a consumer wants of one topic (Apache: SubscriptionData). */
export interface Subscription {
  readonly topic: string
  readonly expressionType: 'TAG' | 'SQL92'
  /** As the application wrote it; `*` for everything. */
  readonly expression: string
  readonly tagsSet: ReadonlySet<string>
  readonly codeSet: ReadonlySet<number>
  /** Ms since 1970: the broker keeps the newest. */
  readonly subVersion: number
}

/** A member's topics. All members of a group must subscribe alike, or the broker mixes their filters up. */
export class Subscriptions {
  readonly #clock: Clock
  readonly #byTopic = new Map<string, Subscription>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Throws MqError TOPIC_ILLEGAL or SUBSCRIPTION_ILLEGAL. */
  set(topic: string, expression: FilterExpression): Subscription {
    const reason = checkTopic(topic)
    if (reason !== undefined) throw new MqError('TOPIC_ILLEGAL', `Subscribing to '${topic}': ${reason}`)
    const filter = typeof expression === 'object' ? bySql(topic, expression.sql) : byTags(topic, expression)
    const subscription = { ...filter, topic, subVersion: this.#clock.now() }
    this.#byTopic.set(topic, subscription)
    return subscription
  }

  delete(topic: string): void {
    this.#byTopic.delete(topic)
  }

  get(topic: string): Subscription | undefined {
    return this.#byTopic.get(topic)
  }

  all(): readonly Subscription[] {
    return [...this.#byTopic.values()]
  }
}

type Filter = Omit<Subscription, 'topic' | 'subVersion'>

/** Brokers read the expression, at start: what they serve is not for this client to limit. */
function bySql(topic: string, sql: string): Filter {
  if (sql.trim() === '') throw illegal(topic, sql, 'the SQL92 expression is empty')
  return { expressionType: 'SQL92', expression: sql, tagsSet: new Set(), codeSet: new Set() }
}

function byTags(topic: string, expression: string): Filter {
  const parsed = parseTagExpression(expression)
  if (!parsed.ok) throw illegal(topic, expression, parsed.reason)
  const { subString, tagsSet, codeSet } = parsed
  return { expressionType: 'TAG', expression: subString, tagsSet, codeSet }
}

function illegal(topic: string, expression: string, reason: string): MqError {
  return new MqError('SUBSCRIPTION_ILLEGAL', `Subscribing to '${topic}' with '${expression}': ${reason}`)
}
