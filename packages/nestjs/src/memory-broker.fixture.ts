import type {
  ClientHook,
  ConsumeContext,
  FilterExpression,
  MessageListener,
  MessageView,
  ProducerOptions,
  PushConsumerOptions,
  RequestOptions,
} from '@rockhopper/client'
import {
  type Message,
  type MessageExt,
  MqError,
  messageProperties,
  Property,
  replyTopic,
} from '@rockhopper/message'
import type { NativeAdmin, NativeConsumer, NativeProducer, RocketMQClients } from './native.js'

/**
 * A broker in memory behind the seam of native.ts: topics with one queue, groups with tag filters, retries
 * that come at once, dead letters, request-reply. It keeps what Apache's broker promises about them, without
 * time or sockets.
 */
export class MemoryBroker implements RocketMQClients {
  /** What each topic holds, `%DLQ%group` included. */
  readonly topics = new Map<string, MessageView[]>()
  /** Delay levels that listeners asked for, in order; retries come at once all the same. */
  readonly delays: number[] = []
  /** Messages that were taken back: topic and handle. They are delivered all the same. */
  readonly recalled: string[] = []
  /** Set: probes, sends, requests and starts of consumers fail with it. */
  down: Error | undefined
  /** What its consumers say of their last poll. */
  sinceLastPollMs = 0
  readonly #groups = new Set<MemoryConsumer>()
  readonly #waiting = new Map<string, (reply: MessageExt) => void>()
  readonly #links: { readonly owner: string; readonly hooks: readonly ClientHook[] | undefined }[] = []
  #nextId = 1

  /** The link of every client, or of one group, breaks or comes back; deliveries go on. */
  cut(isLost: boolean, group?: string): void {
    for (const { owner, hooks = [] } of this.#links) {
      if (group !== undefined && owner !== group) continue
      for (const hook of hooks) {
        if (isLost) hook.brokerLost?.('memory')
        else hook.brokerFound?.('memory')
      }
    }
  }

  probe = async (): Promise<void> => {
    if (this.down !== undefined) throw this.down
  }

  producer = ({ producerGroup: owner, hooks }: ProducerOptions): NativeProducer => {
    this.#links.push({ owner, hooks })
    return {
      start: async () => undefined,
      shutdown: async () => undefined,
      send: async (message) => {
        if (!Array.isArray(message)) return this.#send(message as Message)
        const sent = await Promise.all((message as Message[]).map((one) => this.#send(one)))
        const ids = sent.map(({ messageId }) => messageId).join(',')
        return { ...(sent[0] as (typeof sent)[0]), messageId: ids, offsetMessageId: ids }
      },
      request: (message, options) => this.#request(message, { timeoutMs: 3000, ...options }),
      recallMessage: async (topic, recallHandle) => {
        this.recalled.push(`${topic} ${recallHandle}`)
        return recallHandle
      },
    }
  }

  admin = (): NativeAdmin => ({
    start: async () => undefined,
    shutdown: async () => undefined,
    topicList: async () => [...this.topics.keys()],
    topicRoute: async () => {
      if (this.down !== undefined) throw this.down
      return { brokerDatas: [], queueDatas: [], filterServerTable: new Map() } as never
    },
    consumerProgress: async (group) => this.progress(group),
  })

  /** What groups have left to do, as brokers report it: diff by queue. */
  progress(consumerGroup: string) {
    const left = [...this.#groups].filter((one) => one.group === consumerGroup).map((one) => one.left)
    const queue = { topic: 'memory', brokerName: 'memory', queueId: 0 }
    const brokerOffset = left.reduce((sum, one) => sum + one, 0)
    const wrapper = { brokerOffset, consumerOffset: 0, pullOffset: 0, lastTimestamp: 0 }
    return { consumeTps: 0, offsetTable: [[queue, wrapper]] } as never
  }

  consumer = (options: PushConsumerOptions): NativeConsumer => {
    this.#links.push({ owner: options.consumerGroup, hooks: options.hooks })
    const consumer = new MemoryConsumer(this, options)
    this.#groups.add(consumer)
    return consumer
  }

  /** Resolves when no listener runs and nothing is left to deliver. */
  async settled(): Promise<void> {
    while ([...this.#groups].some((group) => group.busy))
      await new Promise((resolve) => setImmediate(resolve))
  }

  /** Names of the consumer groups. */
  get groups(): string[] {
    return [...this.#groups].map(({ group }) => group)
  }

  /** Bodies of a topic, as text. */
  bodies(topic: string): string[] {
    return (this.topics.get(topic) ?? []).map((message) => message.body.toString())
  }

  store(message: Message, more: Partial<MessageView> = {}): MessageView {
    const log = this.topics.get(message.topic) ?? []
    this.topics.set(message.topic, log)
    const view = viewOf(message, String(this.#nextId++).padStart(32, '0'), log.length, more)
    log.push(view)
    for (const group of this.#groups) group.offer(view)
    return view
  }

  async #send(message: Message) {
    if (this.down !== undefined) throw this.down
    const correlationId = (message as { reply?: { correlationId: string } }).reply?.correlationId
    if (correlationId !== undefined) {
      this.#waiting.get(correlationId)?.(viewOf(message, 'reply', 0))
    }
    const stored = correlationId === undefined ? this.store(message) : viewOf(message, 'reply', 0)
    const { messageId, offsetMessageId, queueOffset, messageQueue: queue } = stored
    return { status: 'SEND_OK' as const, messageId, offsetMessageId, queue, queueOffset }
  }

  async #request(
    message: Message | readonly Message[],
    { timeoutMs, signal, more }: RequestOptions & { readonly timeoutMs: number },
  ): Promise<MessageExt> {
    if (this.down !== undefined) throw this.down
    const correlationId = String(this.#nextId++)
    return new Promise((resolve, reject) => {
      const late = () => reject(new MqError('REPLY_TIMEOUT', 'asking the broker in memory'))
      const timer = setTimeout(late, timeoutMs)
      signal?.addEventListener('abort', () => clearTimeout(timer))
      this.#waiting.set(correlationId, (reply) => {
        if (more?.(reply) === true) {
          timer.refresh()
          return
        }
        clearTimeout(timer)
        this.#waiting.delete(correlationId)
        resolve(reply)
      })
      const properties = {
        ...messageProperties(message as Message),
        [Property.CORRELATION_ID]: correlationId,
        [Property.REPLY_TO_CLIENT]: 'memory',
        [Property.TTL]: String(timeoutMs),
        [Property.CLUSTER]: 'memory',
      }
      this.store(message as Message, { properties })
    })
  }
}

/** A promise and its key. */
export function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

class MemoryConsumer implements NativeConsumer {
  readonly #broker: MemoryBroker
  readonly #options: PushConsumerOptions
  readonly #subscriptions = new Map<string, FilterExpression>()
  readonly #running = new Set<Promise<void>>()
  #queue: MessageView[] = []
  #listener: MessageListener | undefined
  #open = true

  constructor(broker: MemoryBroker, options: PushConsumerOptions) {
    this.#broker = broker
    this.#options = options
  }

  get busy(): boolean {
    return this.#running.size > 0 || (this.#open && this.#listener !== undefined && this.#queue.length > 0)
  }

  get group(): string {
    return this.#options.consumerGroup
  }

  get left(): number {
    return this.#queue.length
  }

  /** A subscription made later gets what the topic holds, as a new group does. */
  subscribe(topic: string, expression: FilterExpression = '*'): void {
    const isNew = !this.#subscriptions.has(topic)
    this.#subscriptions.set(topic, expression)
    if (isNew && this.#listener !== undefined)
      for (const m of this.#broker.topics.get(topic) ?? []) this.offer(m)
  }

  async start(listener: MessageListener): Promise<void> {
    if (this.#broker.down !== undefined) throw this.#broker.down
    this.#listener = listener
    for (const topic of this.#subscriptions.keys())
      for (const m of this.#broker.topics.get(topic) ?? []) this.offer(m)
  }

  sinceLastPoll(): number | undefined {
    return this.#open ? this.#broker.sinceLastPollMs : undefined
  }

  suspend(): void {
    this.#open = false
  }

  resume(): void {
    this.#open = true
    this.#drain()
  }

  async shutdown({ timeoutMs = 10_000 } = {}): Promise<void> {
    this.#open = false
    const { promise, resolve } = deferred()
    const timer = setTimeout(resolve, timeoutMs)
    await Promise.race([Promise.all(this.#running), promise])
    clearTimeout(timer)
  }

  offer(message: MessageView): void {
    const expression = this.#subscriptions.get(message.topic)
    if (this.#listener === undefined || expression === undefined) return
    if (
      typeof expression === 'string' &&
      expression !== '*' &&
      !expression.split('||').includes(message.tag ?? '')
    )
      return
    this.#queue.push(message)
    this.#drain()
  }

  #drain(): void {
    while (this.#open && this.#queue.length > 0) {
      const run = this.#call(this.#queue.shift() as MessageView)
      this.#running.add(run)
      void run.finally(() => this.#running.delete(run))
    }
  }

  async #call(message: MessageView): Promise<void> {
    const context: ConsumeContext = {
      messageQueue: message.messageQueue,
      consumerGroup: this.#options.consumerGroup,
      delayLevelWhenNextConsume: 0,
      deadLetterProperties: {},
      ackIndex: 0,
      suspendCurrentQueueTimeMs: 1000,
      signal: new AbortController().signal,
    }
    let result: unknown = 'RECONSUME_LATER'
    try {
      result = await this.#listener?.([message], context)
    } catch {}
    if (result !== 'RECONSUME_LATER') return
    const { consumerGroup, maxReconsumeTimes = 16 } = this.#options
    const dead = context.delayLevelWhenNextConsume < 0 || message.reconsumeTimes >= maxReconsumeTimes
    if (dead)
      this.#broker.store(
        { ...message, topic: `%DLQ%${consumerGroup}`, properties: {} },
        {
          messageId: message.messageId,
          properties: { ...message.properties, ...context.deadLetterProperties },
        },
      )
    else {
      this.#broker.delays.push(context.delayLevelWhenNextConsume)
      this.#queue.push({ ...message, reconsumeTimes: message.reconsumeTimes + 1 })
      this.#drain()
    }
  }
}

function viewOf(
  message: Message,
  messageId: string,
  queueOffset: number,
  more: Partial<MessageView> = {},
): MessageView {
  const host = { address: '127.0.0.1', port: 1 }
  return {
    topic: message.topic,
    body: Buffer.from(message.body as Uint8Array),
    ...(message.tag === undefined ? {} : { tag: message.tag }),
    keys: message.keys ?? [],
    properties:
      message.topic === replyTopic('memory') ? { ...message.properties } : messageProperties(message),
    messageId,
    offsetMessageId: messageId,
    brokerName: 'memory',
    messageQueue: { topic: message.topic, brokerName: 'memory', queueId: 0 },
    queueId: 0,
    queueOffset,
    physicalOffset: 0,
    flag: 0,
    sysFlag: 0,
    bodyCrc: 0,
    bornTimestamp: 1,
    bornHost: host,
    storeTimestamp: 1,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    storeSize: 0,
    ...more,
  }
}
