import { Logger } from '@nestjs/common'
import {
  type LocalTransactionState,
  type MessageView,
  TransactionProducer,
  type TransactionProducerOptions,
  type TransactionSendResult,
} from '@rockhopper/client'
import type { Env } from '@rockhopper/env'
import { createNodeEnv } from '@rockhopper/env'
import { type Message, MqError } from '@rockhopper/message'
import { type DataSource, type EntityManager, LessThan } from 'typeorm'
import { bodyCodec } from '../codec.js'
import { accessOf } from '../connection.js'
import { nestLog } from '../nest-log.js'
import { nameServerAddress, type RocketMQConnectionOptions } from '../options.js'
import { parseDestination, type RocketMQPattern } from '../pattern.js'
import { RocketMQRecord, recordFields } from '../record.js'
import { TransactionEntry } from './transaction-entry.js'
import { outsideTransactions, serializeTransactions } from './turns.js'

/** Runs the work of one message inside its database transaction. */
type Execute = (context: { readonly transactionId: string }) => Promise<LocalTransactionState>

export type NativeTransactionProducer = Pick<
  TransactionProducer<Execute>,
  'start' | 'shutdown' | 'sendMessageInTransaction'
>

export interface RocketMQTransactionsOptions
  extends Pick<RocketMQConnectionOptions, 'namesrvAddr' | 'codec' | 'tls' | 'acl' | 'env'> {
  /** Processes of one group answer for each other's transactions: they share a database. */
  readonly producerGroup: string
  /** Brokers of these topics may ask this process from its start on; others after its first message there. */
  readonly topics?: readonly string[]
  /** Tells databases of one producer group apart: checks of another are left to others. Default `default`. */
  readonly name?: string
  /** How long rows are kept: longer than brokers keep half messages (72 h). Default 7 days, in ms. */
  readonly retentionMs?: number
  /** Longest wait for work and commit; default 30,000 ms. They go on, and the database decides. */
  readonly timeoutMs?: number
  /** Makes the producer; default that of `@rockhopper/client`. */
  readonly producer?: (options: TransactionProducerOptions<Execute>) => NativeTransactionProducer
}

export interface TransactionOutcome<T> {
  /** What the work returned; it is committed. */
  readonly value: T
  /** `confirmed: false`: the broker will ask, and is told to commit. */
  readonly receipt: TransactionSendResult
}

/** Names who can answer for a message. */
const OWNER = 'rockhopper-transactions'
const WEEK_MS = 7 * 86_400_000
const CLEANUP_MS = 3_600_000

/**
 * Messages that consumers see if and only if a TypeORM transaction commits. The broker gets the message
 * before the work and holds it back; a row that the transaction writes decides, also when this process dies
 * at any moment: brokers then ask another process of the group, which looks into the database.
 */
export class RocketMQTransactions {
  readonly #dataSource: DataSource
  readonly #options: RocketMQTransactionsOptions
  readonly #env: Env
  readonly #producer: NativeTransactionProducer
  readonly #logger = new Logger(RocketMQTransactions.name)
  #cancelCleanup: () => void = () => undefined
  #cleaning: Promise<void> = Promise.resolve()

  /** @throws RocketMQSetupError without a name server, MqError GROUP_ILLEGAL. */
  constructor(dataSource: DataSource, options: RocketMQTransactionsOptions) {
    this.#dataSource = dataSource
    this.#options = options
    this.#env = options.env ?? createNodeEnv({ log: nestLog(this.#logger) })
    const make = options.producer ?? ((given) => new TransactionProducer<Execute>(given))
    this.#producer = make({
      namesrvAddr: nameServerAddress(options),
      producerGroup: options.producerGroup,
      env: this.#env,
      ...accessOf(options),
      ...(options.timeoutMs === undefined ? {} : { localTransactionTimeoutMs: options.timeoutMs }),
      listener: {
        executeLocalTransaction: (_message, execute, context) => execute(context),
        checkLocalTransaction: (message) => this.#check(message),
      },
    })
  }

  /** From here on brokers may ask this process. */
  async start(): Promise<void> {
    serializeTransactions(this.#dataSource)
    await this.#producer.start({ topics: this.#options.topics ?? [] })
    this.#cleanUpLater()
  }

  /** Waits for transactions under way, at most 10 s. To be called before the data source closes. */
  async stop(): Promise<void> {
    this.#cancelCleanup()
    await this.#cleaning
    await this.#producer.shutdown()
  }

  /**
   * Runs `work` in a database transaction of its own, and the message becomes visible if and only if that
   * commits. Rejects with what `work` threw, after the rollback; with MqError when the message could not be
   * stored, and then `work` did not run; with MqError REQUEST_TIMEOUT, or what the commit threw, when the end
   * is not known here: the broker asks the database.
   */
  async run<T, Data = unknown>(
    pattern: RocketMQPattern,
    data: Data | RocketMQRecord<Data>,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<TransactionOutcome<T>> {
    const message = this.#message(pattern, data)
    let value: { readonly of: T } | undefined
    let failure: { readonly error: unknown } | undefined
    const receipt = await this.#producer.sendMessageInTransaction(message, async ({ transactionId }) => {
      let isCommitting = false
      try {
        value = await this.#dataSource.transaction(async (manager) => {
          await this.#note(manager, transactionId, 'COMMITTED')
          const of = await work(manager)
          isCommitting = true
          return { of }
        })
        return 'COMMIT_MESSAGE'
      } catch (error) {
        failure = { error }
        // A commit that failed may have happened all the same, say when the connection broke behind it.
        return isCommitting ? 'UNKNOW' : 'ROLLBACK_MESSAGE'
      }
    })
    if (value !== undefined) return { value: value.of, receipt }
    if (failure !== undefined) throw failure.error
    if (receipt.error !== undefined) throw receipt.error
    throw new MqError('SEND_FAILED', `Storing a half message for '${message.topic}': ${receipt.status}`)
  }

  #message(pattern: RocketMQPattern, given: unknown): Message {
    const { data, options } =
      given instanceof RocketMQRecord ? given : { data: given, options: {} as RocketMQRecord['options'] }
    const { topic, tag = options.tag } = parseDestination(pattern)
    return {
      topic,
      body: bodyCodec(this.#options.codec).encode(data),
      ...(tag === undefined ? {} : { tag }),
      ...recordFields(options),
      properties: { ...options.properties, [OWNER]: this.#name },
    }
  }

  get #name(): string {
    return this.#options.name ?? 'default'
  }

  /** A transaction whose row is not there gets one that keeps it from committing later. */
  async #check({ messageId, properties }: MessageView): Promise<LocalTransactionState> {
    if (properties[OWNER] !== this.#name) return 'UNKNOW'
    const found = await this.#find(messageId)
    if (found !== undefined) return found
    try {
      await this.#dataSource.transaction((manager) => this.#note(manager, messageId, 'ROLLED_BACK'))
      return 'ROLLBACK_MESSAGE'
    } catch (error) {
      // The transaction, or another check, was first. Else the database failed: the broker asks again.
      const first = await this.#find(messageId)
      if (first === undefined) throw error
      return first
    }
  }

  async #find(transactionId: string): Promise<LocalTransactionState | undefined> {
    const { manager } = this.#dataSource
    const row = await outsideTransactions(this.#dataSource, () =>
      manager.findOneBy(TransactionEntry, { transactionId }),
    )
    if (row === null) return undefined
    return row.state === 'COMMITTED' ? 'COMMIT_MESSAGE' : 'ROLLBACK_MESSAGE'
  }

  async #note(
    manager: EntityManager,
    transactionId: string,
    state: TransactionEntry['state'],
  ): Promise<void> {
    await manager.insert(TransactionEntry, { transactionId, state, createdAt: this.#env.clock.now() })
  }

  #cleanUpLater(): void {
    this.#cancelCleanup = this.#env.clock.after(CLEANUP_MS, () => {
      this.#cleaning = this.#cleanUp().finally(() => this.#cleanUpLater())
    })
  }

  async #cleanUp(): Promise<void> {
    const before = this.#env.clock.now() - (this.#options.retentionMs ?? WEEK_MS)
    const { manager } = this.#dataSource
    const removing = outsideTransactions(this.#dataSource, () =>
      manager.delete(TransactionEntry, { createdAt: LessThan(before) }),
    )
    await removing.then(undefined, (error: unknown) => this.#logger.warn(`old rows stay for now: ${error}`))
  }
}
