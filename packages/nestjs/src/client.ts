import { Logger } from '@nestjs/common'
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices'
import type { SendResult, TransactionContext } from '@rockhopper/client'
import { type Message, type MessageExt, MqError } from '@rockhopper/message'
import type { Observable } from 'rxjs'
import { type ClientTransactions, openTransactions, type TransactionCheck } from './client-transactions.js'
import { type BodyCodec, bodyCodec } from './codec.js'
import { type Connection, openConnection, waitForNameServer } from './connection.js'
import { RocketMQSetupError, RollbackMessageException } from './exceptions.js'
import { instrumentedSend } from './instrumentation.js'
import { LinkWatch } from './link-watch.js'
import { Listeners } from './listeners.js'
import type { NativeProducer } from './native.js'
import { DEFAULT_PRODUCER_GROUP, type RocketMQClientOptions } from './options.js'
import { parseDestination, type RocketMQPattern } from './pattern.js'
import { TAKES_STREAM } from './properties.js'
import { type RecordOptions, RocketMQRecord, recordFields } from './record.js'
import { readReply } from './reply.js'
import { ReplyOrder } from './reply-stream.js'
import type { TransactionOutcome } from './transaction-outcome.js'

/** What the broker answered to a send: message id, queue and place in it. */
export type SendReceipt = SendResult

export type RocketMQClientStatus = 'connecting' | 'connected' | 'disconnected' | 'reconnecting' | 'closed'

export interface RocketMQClientEvents extends Record<string, (...args: never[]) => unknown> {
  /** A send failed, also one of an `emit` whose observable nobody watches. */
  publishError: (error: unknown, pattern: unknown) => void
}

const REQUEST_TIMEOUT_MS = 5_000

/** `streams`: every value of a stream is wanted, not only the last one. */
interface Ask {
  readonly timeoutMs?: number | undefined
  readonly streams: boolean
}

type PublishCallback = (packet: WritePacket) => void

/**
 * Sends events and requests: `{ name: 'BUS', customClass: ClientRocketMQ, options }` in `ClientsModule`, or
 * from `RocketMQModule`. `emit` sends at once, watched or not; `send` sends when subscribed to; `publish` and
 * `request` are the same two as promises.
 */
export class ClientRocketMQ extends ClientProxy<RocketMQClientEvents> {
  readonly #options: RocketMQClientOptions
  readonly #logger = new Logger(ClientRocketMQ.name)
  readonly #codec: BodyCodec
  readonly #listeners = new Listeners<RocketMQClientEvents>((error) => this.#logger.error(error))
  #producer: NativeProducer | undefined
  #connecting: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #transactions: ClientTransactions | undefined
  #nextRequest = 1
  readonly #links = new LinkWatch({
    changed: (state) => {
      if (this.#producer === undefined || this.#closing !== undefined) return
      if (state === 'reconnecting' && this.#linked) this._status$.next('disconnected')
      this.#linked = state !== 'reconnecting'
      this._status$.next(this.#linked ? 'connected' : 'reconnecting')
    },
    lost: (_owner, address) => this.#logger.warn({ message: 'connection to a broker lost', address }),
    found: (_owner, address) => this.#logger.log({ message: 'connection to a broker restored', address }),
    rebalancing: () => undefined,
  })
  #linked = true
  /** Ends every wait for an answer at once. */
  readonly #closed = new AbortController()

  constructor(options: RocketMQClientOptions = {}) {
    super()
    this.#options = options
    this.#codec = bodyCodec(options.codec)
    const { serializer, deserializer } = options
    // Through Nest's own methods, which a subclass may override, as of any other client.
    this.initializeSerializer({
      serializer: serializer ?? { serialize: (value) => this.#codec.encode(value) },
    })
    this.initializeDeserializer({
      deserializer: deserializer ?? { deserialize: (body: Buffer) => this.#codec.decode(body) as never },
    })
  }

  /**
   * Replayed and distinct. The base class says string, so that this class fits where Nest wants any
   * ClientProxy.
   */
  override get status(): Observable<RocketMQClientStatus> {
    return super.status as Observable<RocketMQClientStatus>
  }

  /** Concurrent calls share one attempt; a failed one is not remembered. Rejects after `close`. */
  override connect(): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(new MqError('CLOSED', 'connecting ClientRocketMQ'))
    this.#connecting ??= this.#connect()
    return this.#connecting
  }

  /** Fails what still waits for an answer, then closes. May be called again, and with a signal's name. */
  override close(_signal?: string): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Called by Nest when this client is a provider: brokers may ask about transactions from now on. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.#options.transactions !== undefined) await this.#transacting().start()
  }

  /** Called by Nest when this client is a provider. */
  onApplicationShutdown(): Promise<void> {
    return this.close()
  }

  override on<Name extends keyof RocketMQClientEvents, Listener extends RocketMQClientEvents[Name]>(
    event: Name,
    listener: Listener,
  ): void {
    this.#listeners.add(event, listener)
  }

  /** `{ producer }`. @throws before `connect`. */
  override unwrap<T = { readonly producer: NativeProducer }>(): T {
    return { producer: this.#started() } as T
  }

  /** Sends and resolves with the broker's receipt. */
  publish<Data = unknown>(pattern: RocketMQPattern, data: Data | RocketMQRecord<Data>): Promise<SendReceipt>
  /** Called by `send` of Nest's ClientProxy. */
  publish(packet: ReadPacket, callback: PublishCallback): () => void
  publish(
    patternOrPacket: RocketMQPattern | ReadPacket,
    dataOrCallback: unknown,
  ): Promise<SendReceipt> | (() => void) {
    // Data is JSON, so a function can only be Nest's callback.
    if (typeof dataOrCallback !== 'function') return this.#publishNew(patternOrPacket, dataOrCallback)
    return this.#ask(patternOrPacket as ReadPacket, dataOrCallback as PublishCallback)
  }

  /**
   * Sends messages of one topic as one batch: all are stored, or none, one after the other in one queue. One
   * receipt for each, in order. Rejects with MESSAGE_TOO_LARGE above 4 MiB, and when a record has a delay.
   */
  async publishBatch<Data = unknown>(
    pattern: RocketMQPattern,
    data: readonly (Data | RocketMQRecord<Data>)[],
  ): Promise<SendReceipt[]> {
    const packets = data.map((one) => this.#packet(pattern, one))
    if (packets.length === 0) return []
    return this.#telling(pattern, async () => {
      await this.connect()
      const made = await Promise.all(packets.map((packet) => this.#message(packet)))
      const result = await this.#started().send(
        made.map(({ message }) => message),
        this.#limit(made[0]?.timeoutMs),
      )
      return receiptsOf(result, made.length)
    })
  }

  /**
   * Runs `work`, and consumers see the message if it resolves. The broker has the message before and holds it
   * back; when it hears nothing it asks the check (option `transactions`, `checkTransactions`) of any process
   * of the group. Rejects with MqError when the message could not be stored, and then `work` did not run;
   * else with what `work` threw: after RollbackMessageException nobody sees the message, after anything else
   * the check decides. MqError REQUEST_TIMEOUT: its time is over, the check decides.
   */
  transaction<T, Data = unknown>(
    pattern: RocketMQPattern,
    data: Data | RocketMQRecord<Data>,
    work: (context: TransactionContext) => Promise<T>,
  ): Promise<TransactionOutcome<T>> {
    return this.#telling(pattern, async () => {
      const transactions = this.#transacting()
      const { message, timeoutMs } = await this.#message(this.#packet(pattern, data))
      return instrumentedSend(this.#options.instrumentation, message, (one) => {
        return transactions.run(one, work, this.#limit(timeoutMs))
      })
    })
  }

  /** Who answers brokers that ask; for checks that need what the container makes later than this client. */
  checkTransactions(check: TransactionCheck): void {
    this.#transacting().check = check
  }

  /** Why brokers cannot ask this client about transactions, for readiness; undefined: they can. */
  transactionsNotReady(): string | undefined {
    if (this.#closing !== undefined) return 'the client is closed'
    return this.#transacting().notReady
  }

  /** Sends and resolves with the answer; undefined when the handler gave none. Rejects after the timeout. */
  async request<Result = unknown, Data = unknown>(
    pattern: RocketMQPattern,
    data: Data | RocketMQRecord<Data>,
    options: { readonly timeoutMs?: number } = {},
  ): Promise<Result> {
    const packet = this.#packet(pattern, data)
    await this.connect()
    return new Promise((resolve, reject) => {
      this.#ask(
        packet,
        ({ err, response }) => {
          if (err === undefined) resolve(this.serializeResponse(response) as Result)
          else reject(this.serializeError(err))
        },
        { timeoutMs: options.timeoutMs, streams: false },
      )
    })
  }

  /**
   * Takes back a message sent with a delay or a time, by the `recallHandle` of its receipt; brokers of
   * RocketMQ 5. Resolves with its message id. Rejects with MqError RESPONSE_REFUSED, responseCode 16: the
   * broker does not allow it (recallMessageEnable); 604: it is delivered already, or nearly so.
   */
  async recall(pattern: RocketMQPattern, receipt: Pick<SendReceipt, 'recallHandle'>): Promise<string> {
    const { topic } = parseDestination(pattern)
    const { recallHandle } = receipt
    if (recallHandle === undefined) {
      throw new RocketMQSetupError(
        `a message to '${topic}' has no recallHandle: send it with setDelay or setDeliverAt`,
      )
    }
    await this.connect()
    return this.#started().recallMessage(topic, recallHandle, this.#limit(undefined))
  }

  /** Called by `emit` of Nest's ClientProxy. */
  protected dispatchEvent<T = SendReceipt>(packet: ReadPacket): Promise<T> {
    return this.#publish(packet) as Promise<T>
  }

  async #publishNew(pattern: unknown, data: unknown): Promise<SendReceipt> {
    return this.#publish(this.#packet(pattern, data))
  }

  #publish(packet: ReadPacket): Promise<SendReceipt> {
    return this.#telling(packet.pattern, async () => {
      await this.connect()
      const { message, timeoutMs } = await this.#message(packet)
      return instrumentedSend(this.#options.instrumentation, message, (one) => {
        return this.#started().send(one, this.#limit(timeoutMs))
      })
    })
  }

  /** What fails is told to the listeners, too: the caller of `emit` may not look. */
  async #telling<T>(pattern: unknown, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const isWanted = error instanceof RollbackMessageException
      if (!isWanted) this.#listeners.tell('publishError', error, pattern)
      throw error
    }
  }

  #limit(timeoutMs: number | undefined): { readonly timeoutMs?: number } {
    const limit = timeoutMs ?? this.#options.sendTimeoutMs
    return limit === undefined ? {} : { timeoutMs: limit }
  }

  #ask(packet: ReadPacket, callback: PublishCallback, call: Ask = { streams: true }): () => void {
    const id = String(this.#nextRequest++)
    const abort = new AbortController()
    this.routingMap.set(id, callback)
    const settle = (answer: WritePacket) => {
      // Removed by teardown or close: nobody waits any more.
      if (this.routingMap.delete(id)) callback(answer)
    }
    const signal = AbortSignal.any([abort.signal, this.#closed.signal])
    const next = (value: unknown) => this.routingMap.get(id)?.({ response: value })
    this.#exchange(packet, { ...call, signal, next }).then(settle, (err: unknown) => settle({ err }))
    return () => {
      this.routingMap.delete(id)
      abort.abort()
    }
  }

  /** Resolves with the last packet; `next` gets the values before it, each within the timeout of its own. */
  async #exchange(
    packet: ReadPacket,
    call: Ask & { readonly signal: AbortSignal; readonly next: (value: unknown) => void },
  ): Promise<WritePacket> {
    const { message, timeoutMs } = await this.#message(packet)
    const limit = call.timeoutMs ?? timeoutMs ?? this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
    const mark = call.streams ? { [TAKES_STREAM]: '1' } : {}
    const request = { ...message, properties: { ...message.properties, ...mark } }
    let last: Promise<WritePacket> = Promise.resolve({})
    const order = new ReplyOrder<MessageExt>((reply) => {
      last = last.then(async () => {
        const read = await readReply(reply, (body) => this.deserializer.deserialize(body, { message: reply }))
        if (read.err === undefined && read.isDisposed !== true) call.next(read.response)
        return read
      })
      // Looked at when the request has ended; a reply that cannot be read must not be unhandled until then.
      void Promise.allSettled([last])
    })
    const more = (reply: MessageExt) => order.take(reply)
    await instrumentedSend(this.#options.instrumentation, request, (one) => {
      return this.#started().request(one, { timeoutMs: limit, signal: call.signal, more })
    })
    return last
  }

  async #message(packet: ReadPacket): Promise<{ message: Message; timeoutMs: number | undefined }> {
    const { data, options } =
      packet.data instanceof RocketMQRecord
        ? packet.data
        : { data: packet.data, options: {} as RecordOptions }
    const { topic, tag } = parseDestination(packet.pattern)
    if (tag !== undefined && options.tag !== undefined && tag !== options.tag) {
      throw new RocketMQSetupError(`pattern says tag '${tag}', the record says '${options.tag}'`)
    }
    const finalTag = tag ?? options.tag
    const body: Uint8Array | string = await this.serializer.serialize(data, { pattern: packet.pattern })
    const properties = { ...packet.metadata, ...options.properties }
    const message: Message = {
      topic,
      body,
      ...(finalTag === undefined ? {} : { tag: finalTag }),
      ...(Object.keys(properties).length === 0 ? {} : { properties }),
      ...recordFields(options),
    }
    return { message, timeoutMs: options.timeoutMs }
  }

  /** As ClientProxy does for `emit` and `send`; Nest 11 has no helper for it. */
  #packet(pattern: unknown, data: unknown): ReadPacket {
    if (pattern === undefined || pattern === null || data === undefined || data === null) {
      throw new RocketMQSetupError(
        'want a pattern and data; an empty body needs new RocketMQRecordBuilder().build()',
      )
    }
    const packet: ReadPacket = { pattern, data }
    this.onDispatchHook?.(packet)
    return packet
  }

  async #connect(): Promise<void> {
    this._status$.next('connecting')
    let connection: Connection | undefined
    try {
      connection = openConnection(this.#options, this.#logger)
      await waitForNameServer(connection, this.#options, () => this.#closing !== undefined)
      const producerGroup = this.#options.producerGroup ?? DEFAULT_PRODUCER_GROUP
      const hooks = [this.#links.hook(producerGroup)]
      const producer = connection.clients.producer({ ...connection.options, producerGroup, hooks })
      await producer.start()
      this.#producer = producer
      if (this.#closing === undefined) this._status$.next('connected')
    } catch (error) {
      this.#connecting = undefined
      this._status$.next('disconnected')
      throw error
    }
  }

  async #close(): Promise<void> {
    // A connect under way is waited for, so that its producer is closed too; its failure was told to its
    // caller.
    await Promise.allSettled([this.#connecting])
    for (const [id, callback] of [...this.routingMap]) {
      this.routingMap.delete(id)
      callback({ err: new MqError('CLOSED', 'waiting for an answer') })
    }
    this.#closed.abort()
    await this.#transactions?.stop()
    await this.#producer?.shutdown()
    this._status$.next('closed')
  }

  #transacting(): ClientTransactions {
    if (this.#closing !== undefined) throw new MqError('CLOSED', 'transactions of ClientRocketMQ')
    this.#transactions ??= openTransactions(this.#options, this.#logger)
    return this.#transactions
  }

  #started(): NativeProducer {
    if (this.#producer === undefined)
      throw new MqError('NOT_STARTED', 'using ClientRocketMQ before connect()')
    return this.#producer
  }
}

/** A batch is answered once: ids joined by commas, and the place of its first message. */
function receiptsOf(result: SendReceipt, count: number): SendReceipt[] {
  const messageIds = result.messageId.split(',')
  const offsetMessageIds = result.offsetMessageId.split(',')
  return Array.from({ length: count }, (_, index) => ({
    ...result,
    messageId: messageIds[index] ?? result.messageId,
    offsetMessageId: offsetMessageIds[index] ?? result.offsetMessageId,
    queueOffset: result.queueOffset + index,
  }))
}
