import { checkGroup, encodePopReceipt, MqError, realPopTopic } from '@rockhopper/message'
import type { PopAnswer, PoppedRecord } from './api/pop-calls.js'
import { ClientInstance } from './client-instance.js'
import type { ClientOptions } from './client-options.js'
import { type FilterExpression, type Subscription, Subscriptions } from './consuming/subscriptions.js'
import { batchAcks, grouped, type PoppedMessage, receiptOf } from './popped-message.js'
import { decompressed, viewOf, wantedBy } from './received-message.js'
import { inTime, throwIfAborted, wait } from './wait.js'

/** Largest body after decompression. */
const BODY_SIZE_MAX = 64 * 1024 * 1024
/** What a long poll may take beyond the time the broker was asked to wait. */
const POLL_SLACK_MS = 15_000
/** Longest wait at one of several brokers: another may have something. */
const TURN_MS = 1_000
/** Pause after a broker could not be asked, when none else has anything. */
const PAUSE_MS = 500
/** A checkpoint has a bit for each. */
const COUNT_MAX = 32

export interface SimpleConsumerOptions extends ClientOptions {
  readonly consumerGroup: string
  /** How long a received message is nobody else's, unless `receive` says otherwise. Default 30,000 ms. */
  readonly invisibleTimeMs?: number
  /** How long `receive` waits for a message, unless it is told. Default 20,000 ms. */
  readonly waitMs?: number
  /**
   * One member at a time has a queue's messages, in their order; the next come when all before are
   * acknowledged. Default false.
   */
  readonly orderly?: boolean
}

export interface ReceiveOptions {
  /** 1 to 32. Default 32. */
  readonly countMax?: number
  /** Default `*`. All members of a group must want the same of a topic. */
  readonly expression?: FilterExpression
  readonly invisibleTimeMs?: number
  readonly waitMs?: number
  readonly signal?: AbortSignal
}

export interface AckOptions {
  readonly signal?: AbortSignal
}

/**
 * Asks brokers for messages and acknowledges each of them (POP consumption, as gRPC's SimpleConsumer): no
 * rebalance, no offsets, any number of members. What is not acknowledged in time comes again, to whoever
 * asks, with `reconsumeTimes` one higher: any number of times, so look at it and `deadLetter` what is
 * hopeless.
 */
export class SimpleConsumer {
  readonly #instance: ClientInstance
  readonly #options: SimpleConsumerOptions
  /**
   * Attempts at orderly pops whose answer never came, by broker and topic: asked again, they get the same.
   */
  readonly #attempts = new Map<string, string>()
  #attemptCount = 0
  #turn = 0

  /** Opens nothing. Throws MqError GROUP_ILLEGAL, ADDRESS_ILLEGAL or ARGUMENT_ILLEGAL. */
  constructor(options: SimpleConsumerOptions) {
    const { consumerGroup, invisibleTimeMs } = options
    const reason = checkGroup(consumerGroup)
    if (reason !== undefined)
      throw new MqError('GROUP_ILLEGAL', `Making a consumer of '${consumerGroup}': ${reason}`)
    if (invisibleTimeMs !== undefined) checkInvisibleTime(invisibleTimeMs)
    this.#options = options
    this.#instance = new ClientInstance(options)
  }

  async start(): Promise<void> {
    this.#instance.start()
  }

  /** What was received and not acknowledged comes to other members when its time is over. */
  async shutdown(): Promise<void> {
    await this.#instance.stop()
  }

  /**
   * Up to `countMax` messages; none when the wait is over. Rejects with MqError ROUTE_NOT_FOUND,
   * SUBSCRIPTION_ILLEGAL, ARGUMENT_ILLEGAL, REQUEST_ABORTED, or what no broker of the topic could be asked
   * for.
   */
  async receive(topic: string, options: ReceiveOptions = {}): Promise<readonly PoppedMessage[]> {
    const { env } = this.#instance
    this.#instance.assertStarted(`Receiving from '${topic}'`)
    const asked = this.#asked(topic, options)
    const until = env.clock.monotonic() + asked.waitMs
    for (;;) {
      const brokers = await this.#brokersOf(topic, asked.signal)
      let failure: MqError | undefined
      for (const [at, brokerName] of brokers.entries()) {
        const leftMs = Math.max(0, until - env.clock.monotonic())
        // All are looked at before one waits.
        const isLast = at === brokers.length - 1
        const pollMs = isLast ? (brokers.length === 1 ? leftMs : Math.min(leftMs, TURN_MS)) : 0
        try {
          const messages = await this.#popOf(brokerName, asked, pollMs)
          if (messages.length > 0) return messages
        } catch (error) {
          if (!(error instanceof MqError) || asked.signal?.aborted) throw error
          env.log.warn('client.pop.failed', { topic, brokerName, error })
          failure = error
        }
      }
      const leftMs = until - env.clock.monotonic()
      if (leftMs <= 0 && failure !== undefined) throw failure
      if (leftMs <= 0) return []
      if (failure !== undefined) await wait(env.clock, Math.min(leftMs, PAUSE_MS), asked.signal)
    }
  }

  /**
   * The message is done with. Resolves when the broker keeps that; with an old receipt nothing happens, and
   * the message stays with who has it now.
   */
  async ack(message: PoppedMessage, { signal }: AckOptions = {}): Promise<void> {
    const { address, header } = await this.#named(message, 'Acknowledging', signal)
    await this.#instance.api.ack(address, header, { signal })
  }

  /**
   * As `ack`, one request per broker. Rejects when one of them failed: then all may be acknowledged again.
   */
  async ackAll(messages: readonly PoppedMessage[], { signal }: AckOptions = {}): Promise<void> {
    const byBroker = grouped(messages, ({ brokerName }) => brokerName)
    const requests = [...byBroker].map(async ([brokerName, own]) => {
      const { address } = await this.#named(own[0] as PoppedMessage, 'Acknowledging', signal)
      await this.#instance.api.ackBatch(address, brokerName, batchAcks(this.#options.consumerGroup, own), {
        signal,
      })
    })
    await Promise.all(requests)
  }

  /**
   * The message stays ours for `invisibleTimeMs` from now on, or comes again then: also 'not now' for a
   * failed one. Returns the message with its new receipt; the old one acknowledges nothing any more.
   */
  async changeInvisibleTime(
    message: PoppedMessage,
    invisibleTimeMs: number,
    { signal }: AckOptions = {},
  ): Promise<PoppedMessage> {
    checkInvisibleTime(invisibleTimeMs)
    const { address, header, receipt } = await this.#named(message, 'Changing the invisible time', signal)
    const { api } = this.#instance
    const changed = await api.changeInvisibleTime(
      address,
      { ...header, invisibleTime: invisibleTimeMs },
      { signal },
    )
    // An orderly one keeps its receipt.
    if (this.#options.orderly === true) return message
    const renewed = encodePopReceipt({
      ...receipt,
      ckQueueOffset: header.offset,
      popTime: changed.popTime,
      invisibleTime: changed.invisibleTime,
      reviveQid: changed.reviveQid,
    })
    return { ...message, receipt: renewed }
  }

  /** Puts the message into `%DLQ%<group>`, then acknowledges it. */
  async deadLetter(message: PoppedMessage, options: AckOptions = {}): Promise<void> {
    const { address } = await this.#named(message, 'Dead-lettering', options.signal)
    const header = {
      offset: message.physicalOffset,
      group: this.#options.consumerGroup,
      delayLevel: -1,
      originMsgId: message.offsetMessageId,
      originTopic: message.topic,
      unitMode: false,
      maxReconsumeTimes: message.reconsumeTimes,
    }
    await this.#instance.api.sendBack(address, header, { signal: options.signal })
    await this.ack(message, options)
  }

  #asked(topic: string, options: ReceiveOptions): Asked {
    const { countMax = COUNT_MAX, expression = '*', signal } = options
    const invisibleTimeMs = options.invisibleTimeMs ?? this.#options.invisibleTimeMs ?? 30_000
    checkInvisibleTime(invisibleTimeMs)
    if (!Number.isInteger(countMax) || countMax < 1 || countMax > COUNT_MAX)
      throw new MqError('ARGUMENT_ILLEGAL', `Receiving from '${topic}': countMax ${countMax}, not 1 to 32`)
    const subscriptions = new Subscriptions(this.#instance.env.clock)
    subscriptions.set(topic, expression)
    const subscription = subscriptions.get(topic) as Subscription
    const waitMs = options.waitMs ?? this.#options.waitMs ?? 20_000
    return { topic, countMax, invisibleTimeMs, waitMs, subscription, signal }
  }

  /** In another order each time. */
  async #brokersOf(topic: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
    const { env, routes } = this.#instance
    const what = `Receiving from '${topic}'`
    throwIfAborted(signal, what)
    const { readQueues } = await inTime(env.clock, routes.require(topic), what, { signal })
    const names = [...new Set(readQueues.map(({ brokerName }) => brokerName))]
    if (names.length === 0) throw new MqError('ROUTE_NOT_FOUND', `No queue of '${topic}' can be read`)
    const first = this.#turn++ % names.length
    return [...names.slice(first), ...names.slice(0, first)]
  }

  async #popOf(brokerName: string, asked: Asked, pollMs: number): Promise<readonly PoppedMessage[]> {
    const { topic, subscription, invisibleTimeMs, countMax, signal } = asked
    const { api, routes } = this.#instance
    const attempt = this.#attempts.get(`${brokerName}@${topic}`) ?? String(++this.#attemptCount)
    const order = this.#options.orderly === true
    const header = {
      consumerGroup: this.#options.consumerGroup,
      topic,
      queueId: -1,
      maxMsgNums: countMax,
      invisibleTime: invisibleTimeMs,
      pollTime: Math.floor(pollMs),
      // The broker takes its own clock: ours may differ by more than it tolerates.
      bornTime: 0,
      initMode: 0,
      expType: subscription.expressionType,
      exp: subscription.expression,
      ...(order ? { order, attemptId: `${this.#instance.clientId}#${attempt}` } : {}),
    }
    if (order) this.#attempts.set(`${brokerName}@${topic}`, attempt)
    const options = { timeoutMs: pollMs + POLL_SLACK_MS, signal }
    const answer = await api.pop(routes.requireMaster(brokerName), brokerName, header, options)
    this.#attempts.delete(`${brokerName}@${topic}`)
    return this.#received(brokerName, asked, answer)
  }

  async #received(brokerName: string, asked: Asked, { popped }: PopAnswer): Promise<PoppedMessage[]> {
    const { tagsSet } = asked.subscription
    const views = await Promise.all(popped.map((each) => this.#viewOf(brokerName, asked.topic, each)))
    const found = views.filter((view) => view !== undefined)
    const unwanted = found.filter((view) => !wantedBy(tagsSet, view))
    // The broker compared hashes only; nobody else of the group wants these either (Apache:
    // processPopResult).
    if (unwanted.length > 0) await this.ackAll(unwanted)
    return unwanted.length === 0 ? found : found.filter((view) => wantedBy(tagsSet, view))
  }

  /** Undefined for a body that cannot be read here: the message comes again, perhaps to who can. */
  async #viewOf(
    brokerName: string,
    topic: string,
    { receipt, record }: PoppedRecord,
  ): Promise<PoppedMessage | undefined> {
    const { env } = this.#instance
    try {
      const readable = await decompressed(record, env.compute, BODY_SIZE_MAX)
      const { queueId, retryFlag } = receiptOf(receipt)
      const real = realPopTopic(topic, this.#options.consumerGroup, retryFlag)
      const view = viewOf(readable, { topic: real, brokerName, queueId })
      return { ...view, topic, receipt }
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      env.log.error('client.pop.unreadable', { topic, brokerName, queueOffset: record.queueOffset, error })
      return undefined
    }
  }

  async #named(
    { receipt: extraInfo, queueOffset, topic }: PoppedMessage,
    attempted: string,
    signal?: AbortSignal,
  ) {
    const what = `${attempted} a message of '${topic}'`
    this.#instance.assertStarted(what)
    const receipt = receiptOf(extraInfo)
    const { consumerGroup } = this.#options
    await inTime(this.#instance.env.clock, this.#instance.routes.require(topic), what, { signal })
    const real = realPopTopic(topic, consumerGroup, receipt.retryFlag)
    const header = { consumerGroup, topic: real, queueId: receipt.queueId, extraInfo, offset: queueOffset }
    return { address: this.#instance.routes.requireMaster(receipt.brokerName), header, receipt }
  }
}

interface Asked {
  readonly topic: string
  readonly countMax: number
  readonly invisibleTimeMs: number
  readonly waitMs: number
  readonly subscription: Subscription
  readonly signal: AbortSignal | undefined
}

function checkInvisibleTime(ms: number): void {
  if (Number.isSafeInteger(ms) && ms > 0) return
  throw new MqError('ARGUMENT_ILLEGAL', `An invisible time of ${ms} ms is not a positive integer`)
}
