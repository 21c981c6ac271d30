import {
  checkGroup,
  createUniqueIdSource,
  type Message,
  type MessageExt,
  MqError,
  Property,
} from '@rockhopper/message'
import { ClientInstance } from './client-instance.js'
import type { ProducerOptions, RequestOptions, SendOptions } from './producer-options.js'
import {
  type InternalProperties,
  type OutgoingLimits,
  type OutgoingMessage,
  outgoingBatch,
  outgoingSingle,
} from './producing/outgoing-message.js'
import { RequestTable } from './producing/request-table.js'
import { Sender } from './producing/sender.js'
import type { SendResult } from './send-result.js'
import { startTracing } from './tracing/trace-hook.js'
import { settledWithin } from './wait.js'

/** The broker's own limit (Apache: MessageStoreConfig.maxMessageSize). */
const MESSAGE_SIZE_MAX = 4 * 1024 * 1024

/** Sends messages. One per process is enough: sends share connections and may run at once. */
export class Producer {
  readonly #options: ProducerOptions
  readonly #instance: ClientInstance
  readonly #sender: Sender
  #flushTraces = () => Promise.resolve()
  readonly #requests: RequestTable
  readonly #nextId: () => string
  readonly #limits: OutgoingLimits
  readonly #inFlight = new Set<Promise<unknown>>()

  /** Opens nothing. Throws MqError GROUP_ILLEGAL or ADDRESS_ILLEGAL. */
  constructor(options: ProducerOptions) {
    const reason = checkGroup(options.producerGroup)
    if (reason !== undefined)
      throw new MqError('GROUP_ILLEGAL', `Making a producer of '${options.producerGroup}': ${reason}`)
    this.#options = options
    this.#instance = new ClientInstance(options)
    this.#sender = new Sender(this.#instance, options)
    if (options.enableTrace === true)
      this.#flushTraces = startTracing(this.#instance, options.producerGroup, 'PRODUCE', options.traceTopic)
    const { env } = this.#instance
    this.#requests = new RequestTable(env)
    this.#nextId = createUniqueIdSource(env)
    this.#limits = { maxMessageSize: options.maxMessageSize ?? MESSAGE_SIZE_MAX }
    this.#instance.addProducer({
      group: options.producerGroup,
      replyArrived: (reply) => this.#requests.settle(reply),
    })
  }

  get producerGroup(): string {
    return this.#options.producerGroup
  }

  /** `<ip>@<instanceName>`, what brokers and tools know this client by. */
  get clientId(): string {
    return this.#instance.clientId
  }

  /**
   * Starts route refresh and heartbeats. Connects at the first send. Rejects with ALREADY_STARTED or
   * CLOSED.
   */
  async start(): Promise<void> {
    this.#instance.start()
  }

  /**
   * Waits for sends that run, at most `timeoutMs` (default 10,000), then unregisters and closes. May be
   * called again.
   */
  async shutdown(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.#instance.started) {
      const { clock } = this.#instance.env
      await settledWithin(clock, Promise.allSettled([...this.#inFlight]), options.timeoutMs ?? 10_000)
    }
    await this.#flushTraces()
    await this.#instance.stop()
    this.#requests.close()
  }

  /**
   * An array goes as one batch: one topic, same waitStoreMessageOk, no delay, at most `maxMessageSize`
   * bytes. The bytes are those at the time of the call. Rejects with MqError: MESSAGE_TOO_LARGE,
   * ROUTE_NOT_FOUND, SEND_FAILED, ...
   */
  async send(message: Message | readonly Message[], options: SendOptions = {}): Promise<SendResult> {
    const outgoing = isBatch(message)
      ? outgoingBatch(message, this.#nextId, this.#limits)
      : outgoingSingle(message, this.#nextId, this.#limits)
    return this.#tracked(outgoing.topic, () => this.#sender.send(outgoing, options))
  }

  /** Resolves when the bytes were handed to the connection. Nothing tells whether they arrived. */
  async sendOneway(message: Message, options: SendOptions = {}): Promise<void> {
    const outgoing = outgoingSingle(message, this.#nextId, this.#limits)
    return this.#tracked(outgoing.topic, () => this.#sender.sendOneway(outgoing, options))
  }

  /**
   * Takes back a message that waits for the time it asked for, by the `recallHandle` of its send. Resolves
   * with its id: it will not be delivered, unless its time is nearly there. Rejects with MqError
   * RESPONSE_REFUSED: 16 the broker does not allow it (recallMessageEnable), 604 the time is past.
   */
  recallMessage(topic: string, recallHandle: string, options: SendOptions = {}): Promise<string> {
    return this.#tracked(topic, () => this.#sender.recall(topic, recallHandle, options))
  }

  /**
   * Sends and waits for the message that a consumer makes with `createReplyMessage` and sends. `timeoutMs`
   * covers both; default 3000. Rejects with MqError REPLY_TIMEOUT when the request was sent and nothing
   * came back. With `more`, several replies are taken, and the last one is the result.
   */
  async request(message: Message, options: RequestOptions = {}): Promise<MessageExt> {
    const timeoutMs = options.timeoutMs ?? this.#options.sendMsgTimeoutMs ?? 3_000
    const correlationId = this.#requests.nextId()
    const internal: InternalProperties = {
      [Property.CORRELATION_ID]: correlationId,
      [Property.REPLY_TO_CLIENT]: this.clientId,
      [Property.TTL]: String(timeoutMs),
    }
    const outgoing = outgoingSingle(message, this.#nextId, this.#limits, internal)
    return this.#tracked(outgoing.topic, () =>
      this.#request(outgoing, correlationId, { ...options, timeoutMs }),
    )
  }

  async #request(
    outgoing: OutgoingMessage,
    correlationId: string,
    options: RequestOptions & { readonly timeoutMs: number },
  ): Promise<MessageExt> {
    const { topic } = outgoing
    const waiting = this.#requests.wait(correlationId, {
      topic,
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      more: options.more,
    })
    // Whichever fails first is the answer; a reply may even come before the send's own answer.
    const sent = this.#sender.greetBrokersOf(topic, options).then(() => this.#sender.send(outgoing, options))
    try {
      return await Promise.race([waiting, sent.then(() => waiting)])
    } finally {
      this.#requests.forget(correlationId)
    }
  }

  async #tracked<T>(topic: string, run: () => Promise<T>): Promise<T> {
    this.#instance.assertStarted(`Sending to '${topic}'`)
    const most = this.#options.sendsInFlightMax ?? 65_535
    if (this.#inFlight.size >= most) {
      throw new MqError(
        'TOO_MANY_REQUESTS',
        `Sending to '${topic}' while ${most} sends wait for their answers`,
      )
    }
    const running = run()
    this.#inFlight.add(running)
    try {
      return await running
    } finally {
      this.#inFlight.delete(running)
    }
  }
}

const isBatch = (message: Message | readonly Message[]): message is readonly Message[] =>
  Array.isArray(message)
