import type { LoggerService } from '@nestjs/common'
import {
  type LocalTransactionState,
  type MessageView,
  type TransactionContext,
  TransactionProducer,
  type TransactionProducerOptions,
} from '@rockhopper/client'
import type { Message } from '@rockhopper/message'
import { type Connection, openConnection } from './connection.js'
import { RocketMQSetupError, RollbackMessageException } from './exceptions.js'
import { LateStart } from './late-start.js'
import { DEFAULT_PRODUCER_GROUP, type RocketMQClientOptions } from './options.js'
import {
  type ExecuteTransaction,
  type NativeTransactionProducer,
  runTransaction,
  type TransactionOutcome,
} from './transaction-outcome.js'

/**
 * Says what became of a transaction whose end the broker has not heard: this process, or one that is gone,
 * sent the message. `UNKNOW`, or a throw: it asks again later.
 */
export type TransactionCheck = (
  message: MessageView,
  context: TransactionContext,
) => Promise<LocalTransactionState>

/** Option `transactions` of the client. */
export interface RocketMQTransactionOptions {
  /**
   * Processes of one group answer for each other's transactions. Not the `producerGroup` of the client:
   * brokers would ask its plain producers, which cannot answer.
   */
  readonly producerGroup: string
  /** Brokers of these topics may ask from bootstrap on; others after the first message there. */
  readonly topics?: readonly string[]
  /** What brokers are answered; or `client.checkTransactions(check)`. */
  readonly check?: TransactionCheck
  /** Longest wait for the work; default 30,000 ms. It goes on, and the check decides. */
  readonly timeoutMs?: number
}

/** @throws RocketMQSetupError when the client's options do not allow transactions. */
export function openTransactions(options: RocketMQClientOptions, logger: LoggerService): ClientTransactions {
  const { transactions, producerGroup = DEFAULT_PRODUCER_GROUP } = options
  if (transactions === undefined)
    throw new RocketMQSetupError("transaction() needs the option transactions: { producerGroup: '…', check }")
  if (transactions.producerGroup === producerGroup)
    throw new RocketMQSetupError(
      `transactions.producerGroup is '${producerGroup}', that of the plain producer; give it one of its own`,
    )
  return new ClientTransactions(openConnection(options, logger), transactions, logger)
}

/** The transactions of one client: its producer, and who answers brokers that ask. */
export class ClientTransactions {
  readonly #producer: NativeTransactionProducer
  readonly #start: LateStart
  readonly #logger: LoggerService
  #check: TransactionCheck | undefined
  #isStarted = false

  constructor(
    { clients, env, options: connection }: Connection,
    options: RocketMQTransactionOptions,
    logger: LoggerService,
  ) {
    this.#logger = logger
    this.#check = options.check
    const { producerGroup, topics = [], timeoutMs } = options
    const make =
      clients.transactionProducer ??
      ((given: TransactionProducerOptions<ExecuteTransaction>) => new TransactionProducer(given))
    this.#producer = make({
      ...connection,
      producerGroup,
      ...(timeoutMs === undefined ? {} : { localTransactionTimeoutMs: timeoutMs }),
      listener: {
        executeLocalTransaction: (_message, execute, context) => execute(context),
        checkLocalTransaction: async (message, context) => this.#checked()(message, context),
      },
    })
    this.#start = new LateStart({
      clock: env.clock,
      start: () => this.#greet(topics),
      started: () => undefined,
      failed: (reason, attempts) =>
        logger.warn({
          message: 'brokers cannot ask about transactions yet; tried again',
          producerGroup,
          attempts,
          reason,
        }),
    })
  }

  /** Brokers may ask from here on, or as soon as they can be reached. Never rejects. */
  start(): Promise<void> {
    return this.#start.begin()
  }

  set check(check: TransactionCheck) {
    this.#check = check
  }

  /** Why brokers cannot ask this process; undefined when they can. */
  get notReady(): string | undefined {
    const { state, reason } = this.#start
    return state === 'started' ? undefined : (reason ?? `the client is ${state}`)
  }

  async run<T>(
    message: Message,
    work: (context: TransactionContext) => Promise<T>,
    limit: { readonly timeoutMs?: number },
  ): Promise<TransactionOutcome<T>> {
    this.#checked()
    await this.start()
    const outcome = await runTransaction(this.#producer, message, work, stateOfFailure, limit)
    const { messageId, confirmed } = outcome.receipt
    if (!confirmed) {
      const { topic } = message
      this.#logger.warn({ message: 'a commit is not confirmed; the broker will ask', topic, messageId })
    }
    return outcome
  }

  /** Waits for transactions under way, at most 10 s. */
  async stop(): Promise<void> {
    await this.#start.stop()
    if (this.#isStarted) await this.#producer.shutdown()
  }

  async #greet(topics: readonly string[]): Promise<void> {
    if (this.#isStarted) return this.#producer.greet(topics)
    this.#isStarted = true
    await this.#producer.start({ topics })
  }

  #checked(): TransactionCheck {
    if (this.#check !== undefined) return this.#check
    throw new RocketMQSetupError(
      'nobody can answer a broker that asks about a transaction: set the option transactions.check, or ' +
        'call client.checkTransactions(check)',
    )
  }
}

/** Nobody can tell what was done before a throw, so the check has to; unless the work says so itself. */
const stateOfFailure = (error: unknown): LocalTransactionState =>
  error instanceof RollbackMessageException ? 'ROLLBACK_MESSAGE' : 'UNKNOW'
