import { decodeRecallHandle, isMqError, MqError, SystemTopic } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import type { CallOptions } from '../api/commands.js'
import type { SendCommand } from '../api/message-calls.js'
import type { TopicRoute } from '../api/topic-route.js'
import type { SendAttempt, SendEnd } from '../client-hook.js'
import type { ClientInstance } from '../client-instance.js'
import type { ProducerOptions, SendOptions } from '../producer-options.js'
import { isReplyMessage } from '../reply-message.js'
import type { SendResult } from '../send-result.js'
import { inTime, throwIfAborted, wait } from '../wait.js'
import { BrokerLatencies } from './broker-latencies.js'
import { compressed, type OutgoingMessage } from './outgoing-message.js'
import { RoundRobin, selectByHash } from './queue-selection.js'
import { mayRetry } from './send-retry.js'

export interface SenderOptions extends Omit<ProducerOptions, 'namesrvAddr'> {
  /** The client's own messages, which hooks do not see. */
  readonly untraced?: boolean
}

/** Apache: DefaultMQProducer.sendMsgTimeout. */
const SEND_TIMEOUT_MS = 3_000
/** Pause before the second attempt at the same broker; the third waits twice as long. */
const SAME_BROKER_PAUSE_MS = 100

const COMMAND: Readonly<Record<OutgoingMessage['kind'], SendCommand>> = {
  single: 'SEND_MESSAGE_V2',
  batch: 'SEND_BATCH_MESSAGE',
  reply: 'SEND_REPLY_MESSAGE_V2',
}

/**
 * The way of one message to a broker: route, queue, attempts (Apache:
 * DefaultMQProducerImpl.sendDefaultImpl).
 */
export class Sender {
  readonly #instance: ClientInstance
  readonly #options: SenderOptions
  readonly #roundRobin: RoundRobin
  readonly #latencies: BrokerLatencies | undefined

  constructor(instance: ClientInstance, options: SenderOptions) {
    this.#instance = instance
    this.#options = options
    this.#roundRobin = new RoundRobin(instance.env.random)
    if (options.sendLatencyFaultEnable === true) this.#latencies = new BrokerLatencies(instance.env.clock)
  }

  /**
   * Rejects with MqError: ROUTE_NOT_FOUND, SEND_FAILED (attempts used up), RESPONSE_REFUSED,
   * REQUEST_ABORTED, ...
   */
  async send(given: OutgoingMessage, options: SendOptions): Promise<SendResult> {
    const { clock } = this.#instance.env
    const startedAt = clock.monotonic()
    const timeoutMs = options.timeoutMs ?? this.#options.sendMsgTimeoutMs ?? SEND_TIMEOUT_MS
    const outgoing = await this.#compressed(given)
    const queues = await this.#queues(outgoing, { ...options, timeoutMs })
    const pick = this.#pickOf(outgoing, queues, options)
    const attemptsMax = pick.fixed ? 1 : 1 + (this.#options.retryTimesWhenSendFailed ?? 2)
    let failure: unknown
    let degraded: SendResult | undefined
    let brokerName: string | undefined
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const leftMs = timeoutMs - (clock.monotonic() - startedAt)
      if (leftMs <= 0) break
      const queue = pick.next(brokerName)
      // A broker that just failed and is the only one gets a moment; another broker is asked at once.
      const pauseMs = queue.brokerName === brokerName ? SAME_BROKER_PAUSE_MS * (attempt - 1) : 0
      if (pauseMs > 0) await wait(clock, Math.min(pauseMs, leftMs), options.signal)
      brokerName = queue.brokerName
      try {
        const result = await this.#attempt(outgoing, queue, {
          ...options,
          timeoutMs: Math.max(1, leftMs - pauseMs),
        })
        if (result.status === 'SEND_OK' || this.#options.retryAnotherBrokerWhenNotStoreOk !== true)
          return result
        degraded = result
      } catch (error) {
        if (!mayRetry(error)) throw error
        failure = error
        this.#afterFailure(outgoing, queue, attempt, error)
      }
    }
    if (degraded !== undefined) return degraded
    throw this.#sendFailed(outgoing, timeoutMs, failure)
  }

  /** One attempt without an answer. */
  async sendOneway(given: OutgoingMessage, options: SendOptions): Promise<void> {
    const outgoing = await this.#compressed(given)
    const queues = await this.#queues(outgoing, options)
    const queue = this.#pickOf(outgoing, queues, options).next(undefined)
    const address = this.#instance.routes.requireMaster(queue.brokerName)
    await this.#hooked(outgoing, queue, { brokerAddress: address, oneway: true }, async () => {
      const header = this.#header(outgoing, queue)
      await this.#instance.api.oneway(
        address,
        COMMAND[outgoing.kind],
        header,
        outgoing.body,
        this.#call(options),
      )
      return {}
    })
  }

  /** Takes back a message that waits for its time; resolves with its id. */
  async recall(topic: string, recallHandle: string, options: CallOptions): Promise<string> {
    const handle = decodeRecallHandle(recallHandle)
    if (handle === undefined) {
      throw new MqError(
        'ARGUMENT_ILLEGAL',
        `Recalling a message of '${topic}': '${recallHandle}' is no handle`,
      )
    }
    const call = this.#call(options)
    await this.#routeInTime(topic, call)
    const address = this.#instance.routes.requireMaster(handle.brokerName)
    const { producerGroup } = this.#options
    return this.#instance.api.recall(address, { topic, recallHandle, producerGroup }, call)
  }

  /**
   * A broker must know this client before it can bring it a reply, or ask it about a transaction. Rejects as
   * `send` does.
   */
  greetBrokersOf(topic: string, options: Pick<SendOptions, 'timeoutMs' | 'signal'> = {}): Promise<void> {
    const { clock } = this.#instance.env
    return inTime(clock, this.#greetBrokersOf(topic), `Greeting the brokers of '${topic}'`, options)
  }

  async #greetBrokersOf(topic: string): Promise<void> {
    const route = await this.#routeOf(topic)
    const names = new Set(route.writeQueues.map((queue) => queue.brokerName))
    await Promise.all(
      [...names].map(async (name) => {
        const address = this.#instance.routes.masterAddress(name)
        if (address !== undefined) await this.#instance.greet(address)
      }),
    )
  }

  #compressed(outgoing: OutgoingMessage): Promise<OutgoingMessage> {
    const {
      compressMsgBodyOverHowmuch: sizeMin = 4096,
      compressLevel: level = 5,
      compressType: type = 'ZLIB',
    } = this.#options
    return compressed(outgoing, this.#instance.env.compute, { sizeMin, level, type })
  }

  #routeOf(topic: string) {
    const { createTopicKey = SystemTopic.AUTO_CREATE, defaultTopicQueueNums = 4 } = this.#options
    return this.#instance.routes.findForSend(topic, createTopicKey, defaultTopicQueueNums)
  }

  /** Several name servers, each with its own deadline, may take longer than the caller wants to. */
  async #routeInTime(topic: string, call: CallOptions): Promise<TopicRoute> {
    const { env, routes } = this.#instance
    const what = `Asking for the route of '${topic}'`
    throwIfAborted(call.signal, what)
    return routes.get(topic) ?? (await inTime(env.clock, this.#routeOf(topic), what, call))
  }

  #call({ timeoutMs = this.#options.sendMsgTimeoutMs ?? SEND_TIMEOUT_MS, signal }: CallOptions): CallOptions {
    return { timeoutMs, ...(signal === undefined ? {} : { signal }) }
  }

  async #queues({ topic }: OutgoingMessage, options: SendOptions): Promise<readonly MessageQueue[]> {
    const { writeQueues } = await this.#routeInTime(topic, this.#call(options))
    if (writeQueues.length > 0) return writeQueues
    throw new MqError('QUEUE_NOT_FOUND', `Sending to '${topic}': none of its queues can be written`)
  }

  /**
   * Who chooses the queue. A choice by the caller or by the key stands: another queue would break the
   * order.
   */
  #pickOf(outgoing: OutgoingMessage, queues: readonly MessageQueue[], options: SendOptions) {
    const { message, topic } = outgoing
    const fixed = (queue: MessageQueue) => ({ fixed: true, next: () => queue })
    if (options.queue !== undefined) return fixed({ ...options.queue, topic })
    const selector =
      options.selector ?? (message.shardingKey === undefined ? undefined : selectByHash(message.shardingKey))
    if (selector !== undefined) return fixed(selector(queues, message))
    // The broker that delivered a request is one that knows who asked.
    const near = isReplyMessage(message)
      ? queues.filter((queue) => queue.brokerName === message.reply.brokerName)
      : []
    const from = near.length > 0 ? near : queues
    return {
      fixed: false,
      next: (lastBrokerName: string | undefined) =>
        this.#roundRobin.select(topic, this.#quick(from, lastBrokerName), lastBrokerName),
    }
  }

  /** The queues of brokers that answer quickly; all of them unless `sendLatencyFaultEnable`. */
  #quick(queues: readonly MessageQueue[], lastBrokerName: string | undefined): readonly MessageQueue[] {
    if (this.#latencies === undefined) return queues
    const others = new Set(queues.map(({ brokerName }) => brokerName))
    if (lastBrokerName !== undefined && others.size > 1) others.delete(lastBrokerName)
    const usable = this.#latencies.usable([...others])
    return queues.filter(({ brokerName }) => usable.has(brokerName))
  }

  async #attempt(outgoing: OutgoingMessage, queue: MessageQueue, options: SendOptions): Promise<SendResult> {
    const address = this.#instance.routes.requireMaster(queue.brokerName)
    const place = { brokerAddress: address, oneway: false }
    const { result } = await this.#hooked(outgoing, queue, place, () =>
      this.#sendTo(address, outgoing, queue, options),
    )
    return result
  }

  /** Tells the hooks what `run` is about to do and how it ended. */
  async #hooked<End extends Pick<SendEnd, 'result' | 'regionId' | 'untraced'>>(
    outgoing: OutgoingMessage,
    messageQueue: MessageQueue,
    place: Pick<SendAttempt, 'brokerAddress' | 'oneway'>,
    run: () => Promise<End>,
  ): Promise<End> {
    const { env, hooks } = this.#instance
    if (this.#options.untraced === true || hooks.none) return run()
    const { kind, message, messageId, body } = outgoing
    const { producerGroup } = this.#options
    const attempt = { ...place, producerGroup, kind, message, messageId, messageQueue, bodySize: body.length }
    hooks.tell((hook) => hook.beforeSend?.(attempt))
    const startedAt = env.clock.monotonic()
    const tellEnd = (end: Partial<SendEnd>) => {
      const costMs = env.clock.monotonic() - startedAt
      hooks.tell((hook) => hook.afterSend?.(attempt, { ...end, costMs }))
    }
    try {
      const end = await run()
      tellEnd(end)
      return end
    } catch (error) {
      tellEnd({ error })
      throw error
    }
  }

  async #sendTo(address: string, outgoing: OutgoingMessage, queue: MessageQueue, options: SendOptions) {
    const { body, messageId, topic } = outgoing
    const { clock } = this.#instance.env
    const askedAt = clock.monotonic()
    try {
      const answer = await this.#instance.api.send(
        address,
        COMMAND[outgoing.kind],
        this.#header(outgoing, queue),
        body,
        this.#call(options),
      )
      this.#latencies?.answered(queue.brokerName, clock.monotonic() - askedAt)
      const result: SendResult = {
        status: answer.status,
        messageId,
        offsetMessageId: answer.msgId,
        queue: { topic, brokerName: queue.brokerName, queueId: answer.queueId },
        queueOffset: answer.queueOffset,
        ...(answer.transactionId === undefined ? {} : { transactionId: answer.transactionId }),
        ...(answer.recallHandle === undefined ? {} : { recallHandle: answer.recallHandle }),
      }
      return {
        result,
        untraced: answer.TRACE_ON === false,
        ...(answer.MSG_REGION === undefined ? {} : { regionId: answer.MSG_REGION }),
      }
    } catch (error) {
      if (mayRetry(error)) this.#latencies?.failed(queue.brokerName)
      if (isMqError(error, 'CONNECT_FAILED') || isMqError(error, 'CONNECTION_CLOSED'))
        this.#instance.lost(address)
      throw error
    }
  }

  #header(outgoing: OutgoingMessage, queue: MessageQueue) {
    const {
      createTopicKey = SystemTopic.AUTO_CREATE,
      defaultTopicQueueNums = 4,
      producerGroup,
    } = this.#options
    return {
      producerGroup,
      topic: outgoing.topic,
      defaultTopic: createTopicKey,
      defaultTopicQueueNums,
      queueId: queue.queueId,
      sysFlag: outgoing.sysFlag,
      bornTimestamp: this.#instance.env.clock.now(),
      flag: outgoing.flag,
      properties: outgoing.propertiesText,
      reconsumeTimes: outgoing.reconsumeTimes,
      unitMode: false,
      batch: outgoing.kind === 'batch',
      bname: queue.brokerName,
      ...(outgoing.maxReconsumeTimes === undefined ? {} : { maxReconsumeTimes: outgoing.maxReconsumeTimes }),
    }
  }

  #afterFailure(outgoing: OutgoingMessage, queue: MessageQueue, attempt: number, error: unknown): void {
    const { env, background, routes } = this.#instance
    env.log.warn('client.send.attemptFailed', { ...queue, attempt, messageId: outgoing.messageId, error })
    // The broker may be gone or the topic moved: later sends should know.
    background.run('route after a failed send', () => routes.fetch(outgoing.topic))
  }

  #sendFailed(outgoing: OutgoingMessage, timeoutMs: number, cause: unknown): MqError {
    const what = `Sending ${outgoing.messageId} to '${outgoing.topic}' within ${timeoutMs} ms`
    if (cause === undefined) return new MqError('REQUEST_TIMEOUT', what)
    const responseCode = cause instanceof MqError ? cause.responseCode : undefined
    const why = cause instanceof Error ? `${what}: ${cause.message}` : what
    return new MqError('SEND_FAILED', why, { cause, ...(responseCode === undefined ? {} : { responseCode }) })
  }
}
