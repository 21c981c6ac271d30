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
  set(topic: string, expression: FilterExpression): void {
    const reason = checkTopic(topic)
    if (reason !== undefined) throw new MqError('TOPIC_ILLEGAL', `Subscribing to '${topic}': ${reason}`)
    const subVersion = this.#clock.now()
    if (typeof expression === 'object') {
      const { sql } = expression
      if (sql.trim() === '')
        throw new MqError('SUBSCRIPTION_ILLEGAL', `Subscribing to '${topic}' with an empty SQL92 expression`)
      const nothing = { tagsSet: new Set<string>(), codeSet: new Set<number>() }
      this.#byTopic.set(topic, { topic, expressionType: 'SQL92', expression: sql, ...nothing, subVersion })
      return
    }
    const parsed = parseTagExpression(expression)
    if (!parsed.ok) {
      throw new MqError(
        'SUBSCRIPTION_ILLEGAL',
        `Subscribing to '${topic}' with '${expression}': ${parsed.reason}`,
      )
    }
    const { subString, tagsSet, codeSet } = parsed
    this.#byTopic.set(topic, {
      topic,
      expressionType: 'TAG',
      expression: subString,
      tagsSet,
      codeSet,
      subVersion,
    })
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
