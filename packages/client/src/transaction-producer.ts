import {
  checkGroup,
  createUniqueIdSource,
  isMqError,
  type Message,
  MqError,
  Property,
  SysFlag,
  withTransactionType,
} from '@rockhopper/message'
import { ClientInstance } from './client-instance.js'
import type { ProducerOptions, SendOptions } from './producer-options.js'
import { outgoingSingle } from './producing/outgoing-message.js'
import { Sender } from './producing/sender.js'
import { TransactionChecks } from './producing/transaction-checks.js'
import { endTransaction, type HalfPlace, placeOfSend } from './producing/transaction-end.js'
import type { SendResult } from './send-result.js'
import { startTracing } from './tracing/trace-hook.js'
import type {
  LocalTransactionState,
  TransactionListener,
  TransactionSendResult,
} from './transaction-listener.js'
import { endedOrAborted, inTime, settledWithin, withAnyOf } from './wait.js'

export interface TransactionProducerOptions<Argument = unknown> extends ProducerOptions {
  readonly listener: TransactionListener<Argument>
  /** Longest wait for `executeLocalTransaction`; then the result is UNKNOW. Default 30,000 ms. */
  readonly localTransactionTimeoutMs?: number
  /** Deadline of `checkLocalTransaction`. Default 10,000 ms. */
  readonly checkTimeoutMs?: number
  /** Checks at once. Default 4. */
  readonly checksAtOnceMax?: number
  /** Checks that wait for their turn; more are dropped, and the broker asks again. Default 2,000. */
  readonly checkRequestHoldMax?: number
}

export interface TransactionProducerStart {
  readonly topics?: readonly string[]
  readonly signal?: AbortSignal
}

const MESSAGE_SIZE_MAX = 4 * 1024 * 1024

interface Executed {
  readonly state: LocalTransactionState
  readonly failure?: { readonly error: unknown }
}

/**
 * Sends messages that consumers see if and only if a local transaction commits (Apache:
 * TransactionMQProducer). Each process that may answer for the transactions of a group runs one with that
 * `producerGroup`.
 */
export class TransactionProducer<Argument = unknown> {
  readonly #options: TransactionProducerOptions<Argument>
  readonly #instance: ClientInstance
  readonly #sender: Sender
  #flushTraces = () => Promise.resolve()
  readonly #checks: TransactionChecks
  readonly #nextId: () => string
  readonly #inFlight = new Set<Promise<unknown>>()
  /** Local transactions that nobody waits for any more, and that have not ended. */
  #late = 0
  readonly #stopping = new AbortController()

  /** Opens nothing. Throws MqError GROUP_ILLEGAL or ADDRESS_ILLEGAL. */
  constructor(options: TransactionProducerOptions<Argument>) {
    const { producerGroup } = options
    const reason = checkGroup(producerGroup)
    if (reason !== undefined) {
      throw new MqError('GROUP_ILLEGAL', `Making a transaction producer of '${producerGroup}': ${reason}`)
    }
    this.#options = options
    this.#instance = new ClientInstance(options)
    this.#sender = new Sender(this.#instance, options)
    if (options.enableTrace === true)
      this.#flushTraces = startTracing(this.#instance, options.producerGroup, 'PRODUCE', options.traceTopic)
    this.#nextId = createUniqueIdSource(this.#instance.env)
    this.#checks = new TransactionChecks({
      instance: this.#instance,
      listener: options.listener,
      end: (place, state) => endTransaction(this.#instance, producerGroup, place, state),
      atOnceMax: options.checksAtOnceMax ?? 4,
      waitingMax: options.checkRequestHoldMax ?? 2_000,
      timeoutMs: options.checkTimeoutMs ?? 10_000,
      stopping: this.#stopping.signal,
    })
    this.#instance.addProducer({
      group: producerGroup,
      replyArrived: () => undefined,
      checkTransaction: (request) => this.#checks.arrived(request),
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
   * Starts, and greets the brokers of `topics`. Rejects with ALREADY_STARTED or CLOSED; also as `greet` does,
   * and then it has started all the same.
   */
  async start(options: TransactionProducerStart = {}): Promise<void> {
    this.#instance.start()
    await this.greet(options.topics ?? [], options)
  }

  /**
   * Connects to the brokers of `topics` now, so that they can ask this producer about transactions of an
   * earlier one; others hear of it at the first send. May be called again. Rejects with NOT_STARTED, CLOSED,
   * ROUTE_NOT_FOUND, REQUEST_ABORTED, and as any request does while no server is there.
   */
  async greet(
    topics: readonly string[],
    options: Pick<TransactionProducerStart, 'signal'> = {},
  ): Promise<void> {
    this.#instance.assertStarted('Greeting brokers')
    for (const topic of topics) await this.#sender.greetBrokersOf(topic, options)
  }

  /**
   * Waits for transactions that execute, at most `timeoutMs` (default 10,000), then unregisters and closes.
   * What is undecided then is asked of another member of the group. May be called again.
   */
  async shutdown(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.#instance.started) {
      const { clock } = this.#instance.env
      await settledWithin(clock, Promise.allSettled([...this.#inFlight]), options.timeoutMs ?? 10_000)
    }
    this.#stopping.abort()
    await this.#flushTraces()
    await this.#instance.stop()
  }

  /**
   * Stores the message where no consumer sees it, runs `executeLocalTransaction`, and tells the broker its
   * outcome. Rejects with MqError, as `Producer.send` does, when the message could not be stored: nothing was
   * executed then. Afterwards it does not reject, see `TransactionSendResult`: not when `signal` aborts,
   * either, which ends the wait for the local transaction and for the broker's answer. `timeoutMs` is the
   * send's.
   */
  async sendMessageInTransaction(
    message: Message,
    argument: Argument,
    options: SendOptions = {},
  ): Promise<TransactionSendResult> {
    this.#instance.assertStarted(`Sending to '${message.topic}'`)
    const most = this.#options.sendsInFlightMax ?? 65_535
    if (this.#inFlight.size + this.#late >= most) {
      throw new MqError('TOO_MANY_REQUESTS', `Sending to '${message.topic}' while ${most} transactions run`)
    }
    const running = this.#run(message, argument, options)
    this.#inFlight.add(running)
    try {
      return await running
    } finally {
      this.#inFlight.delete(running)
    }
  }

  async #run(message: Message, argument: Argument, options: SendOptions): Promise<TransactionSendResult> {
    const sent = await this.#sendHalf(message, options)
    const place = placeOfSend(sent)
    const { transactionId } = place
    if (sent.status !== 'SEND_OK') {
      // A half message that a crash may take: do nothing that would need it (as Apache does).
      return this.#ended(sent, place, { state: 'ROLLBACK_MESSAGE' }, options)
    }
    this.#checks.executing(place)
    const abort = new AbortController()
    const executing = this.#execute({ ...message }, argument, transactionId, abort.signal)
    const end = async (patience: SendOptions) => {
      const executed = await executing
      return this.#ended(sent, this.#checks.executed(transactionId) ?? place, executed, patience)
    }
    const { localTransactionTimeoutMs: timeoutMs = 30_000 } = this.#options
    const { clock } = this.#instance.env
    try {
      const what = `Executing transaction ${transactionId} of '${message.topic}'`
      await inTime(clock, executing, what, { timeoutMs, signal: options.signal })
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      abort.abort(error)
      // The work may still come to an end; the broker hears of it then.
      this.#late++
      const late = end({}).finally(() => this.#late--)
      const { background } = this.#instance
      background.run('late end of a transaction', () => endedOrAborted(late, this.#stopping.signal))
      return { ...sent, transactionId, localTransactionState: 'UNKNOW', confirmed: false, error }
    }
    return end(options)
  }

  async #sendHalf(message: Message, options: SendOptions): Promise<SendResult> {
    if ((message.delayTimeLevel ?? 0) > 0) {
      throw new MqError('MESSAGE_ILLEGAL', `Sending to '${message.topic}' in a transaction, with a delay`)
    }
    const limits = { maxMessageSize: this.#options.maxMessageSize ?? MESSAGE_SIZE_MAX }
    const internal = { [Property.TRAN_MSG]: 'true', [Property.PGROUP]: this.producerGroup }
    const outgoing = outgoingSingle(message, this.#nextId, limits, internal)
    const sysFlag = withTransactionType(outgoing.sysFlag, SysFlag.TRANSACTION_PREPARED)
    // A broker must know the group before it can ask it.
    const { signal } = options
    await this.#sender.greetBrokersOf(message.topic, signal === undefined ? {} : { signal })
    return this.#sender.send({ ...outgoing, sysFlag }, options)
  }

  /** Never rejects. */
  #execute(
    message: Message,
    argument: Argument,
    transactionId: string,
    aborted: AbortSignal,
  ): Promise<Executed> {
    const { listener } = this.#options
    const work = async (signal: AbortSignal) =>
      listener.executeLocalTransaction(message, argument, { transactionId, signal })
    return withAnyOf([aborted, this.#stopping.signal], work).then(
      (state) => ({ state }),
      (error: unknown) => {
        const { log } = this.#instance.env
        log.warn('client.transaction.threw', { topic: message.topic, transactionId, error })
        return { state: 'UNKNOW' as const, failure: { error } }
      },
    )
  }

  async #ended(
    sent: SendResult,
    place: HalfPlace,
    executed: Executed,
    { signal }: SendOptions,
  ): Promise<TransactionSendResult> {
    const { transactionId } = place
    const result = { ...sent, ...executed.failure, transactionId, localTransactionState: executed.state }
    const ending = endTransaction(this.#instance, this.producerGroup, place, executed.state)
    const what = `Ending transaction ${transactionId} of '${place.topic}'`
    try {
      return { ...result, confirmed: await inTime(this.#instance.env.clock, ending, what, { signal }) }
    } catch (error) {
      if (!isMqError(error, 'REQUEST_ABORTED')) throw error
      this.#instance.background.run('end of a transaction', async () => void (await ending))
      return { error, ...result, confirmed: false }
    }
  }
}
