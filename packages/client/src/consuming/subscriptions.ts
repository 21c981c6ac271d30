import type { Clock } from '@rockhopper/env'
import { checkTopic, MqError, parseTagExpression } from '@rockhopper/message'

/** What a consumer wants of one topic (Apache: SubscriptionData, expression type TAG). */
export interface Subscription {
  readonly topic: string
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
  set(topic: string, expression: string): void {
    const reason = checkTopic(topic)
    if (reason !== undefined) throw new MqError('TOPIC_ILLEGAL', `Subscribing to '${topic}': ${reason}`)
    const parsed = parseTagExpression(expression)
    if (!parsed.ok) {
      throw new MqError(
        'SUBSCRIPTION_ILLEGAL',
        `Subscribing to '${topic}' with '${expression}': ${parsed.reason}`,
      )
    }
    const { subString, tagsSet, codeSet } = parsed
    const subVersion = this.#clock.now()
    this.#byTopic.set(topic, { topic, expression: subString, tagsSet, codeSet, subVersion })
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
