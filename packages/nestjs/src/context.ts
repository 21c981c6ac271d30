import { BaseRpcContext } from '@nestjs/microservices'
import type { MessageView } from '@rockhopper/client'
import type { NativeConsumer, NativeProducer } from './native.js'
import { userProperties } from './properties.js'
import { Settlement } from './settlement.js'

/** What a delivery knows beside the message itself. */
export interface Delivery {
  /** Consumer group it came through. */
  readonly group: string
  /** Canonical pattern of the handler. */
  readonly pattern: string
  readonly consumer: NativeConsumer
  readonly producer: NativeProducer
  /** What the handler says about the message. Default: one that nobody listens to, for tests of a handler. */
  readonly settlement?: Settlement
  /** Aborted when the outcome can no longer count. */
  readonly signal?: () => AbortSignal
  /** Of a batch: the contexts of its messages, in the order of the payloads. */
  readonly batch?: readonly RocketMQContext[]
}

/** The second argument of a handler: `@Ctx() context: RocketMQContext`. One object per delivery. */
export class RocketMQContext extends BaseRpcContext<[MessageView, Delivery]> {
  readonly #settlement: Settlement

  constructor(args: [MessageView, Delivery]) {
    super(args)
    this.#settlement = args[1].settlement ?? new Settlement()
  }

  /** Done: acknowledged when the handler ended, in `manual` mode at once. @throws when settled before. */
  ack(): void {
    this.#settlement.ack()
  }

  /** Deliver it again, not before `delayMs`, by the broker's levels. @throws when settled before. */
  retry({ delayMs }: { readonly delayMs?: number } = {}): void {
    this.#settlement.retry(delayMs)
  }

  /** To the dead-letter queue, with this reason. @throws when settled before. */
  deadLetter(reason: string): void {
    this.#settlement.deadLetter(reason)
  }

  /** Done although nothing was done with it. @throws when settled before. */
  skip(): void {
    this.#settlement.skip()
  }

  /** Gives the handler this long from now before the message counts as lost (`ackTimeoutMs`). */
  extendInvisible(byMs: number): void {
    this.#settlement.extend(byMs)
  }

  /** Aborted when the outcome no longer counts: its time is over, its queue went elsewhere, a shutdown. */
  getSignal(): AbortSignal {
    return this.args[1].signal?.() ?? new AbortController().signal
  }

  /** In a batch handler: one context per payload, each settled for itself. Empty otherwise. */
  getBatch(): readonly RocketMQContext[] {
    return this.args[1].batch ?? []
  }

  /** The message as the client received it. */
  getMessage(): MessageView {
    return this.args[0]
  }

  /** The topic it was sent to; for a retried message the original one, not `%RETRY%group`. */
  getTopic(): string {
    return this.getMessage().topic
  }

  getTag(): string | undefined {
    return this.getMessage().tag
  }

  getKeys(): readonly string[] {
    return this.getMessage().keys
  }

  /** The id its producer gave it (UNIQ_KEY), stable across retries. */
  getMessageId(): string {
    return this.getMessage().messageId
  }

  getGroup(): string {
    return this.args[1].group
  }

  getQueueId(): number {
    return this.getMessage().queueId
  }

  getQueueOffset(): number {
    return this.getMessage().queueOffset
  }

  /** 1 for the first delivery, 2 for the first retry. */
  getDeliveryAttempt(): number {
    return this.getMessage().reconsumeTimes + 1
  }

  /** When its producer made it, ms since 1970 by the producer's clock. */
  getBornTimestamp(): number {
    return this.getMessage().bornTimestamp
  }

  /** All properties, those of the protocol included. */
  getProperties(): Readonly<Record<string, string>> {
    return this.getMessage().properties
  }

  getProperty(name: string): string | undefined {
    const properties = this.getMessage().properties
    return Object.hasOwn(properties, name) ? properties[name] : undefined
  }

  /** Canonical pattern of the handler this message was given to. */
  getPattern(): string {
    return this.args[1].pattern
  }

  /** The properties an application set: what a dispatch hook or a Java producer put beside the payload. */
  getMetadata(): Readonly<Record<string, string>> {
    return userProperties(this.getMessage().properties)
  }

  /** The consumer of this group: `suspend()` and `resume()`. */
  getConsumer(): NativeConsumer {
    return this.args[1].consumer
  }

  /** A started producer, for messages that belong to this delivery. */
  getProducer(): NativeProducer {
    return this.args[1].producer
  }
}
