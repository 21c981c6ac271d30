import { Logger } from '@nestjs/common'
import {
  type LocalTransactionState,
  type MessageView,
  type TransactionContext,
  TransactionProducer,
  type TransactionProducerOptions,
} from '@rockhopper/client'
import type { Env } from '@rockhopper/env'
import { createNodeEnv } from '@rockhopper/env'
import type { Message } from '@rockhopper/message'
import { type DataSource, type EntityManager, LessThan } from 'typeorm'
import { bodyCodec } from '../codec.js'
import { accessOf } from '../connection.js'
import { healthResult, type RocketMQHealth } from '../health.js'
import { LateStart } from '../late-start.js'
import { Listeners } from '../listeners.js'
import { nestLog } from '../nest-log.js'
import { nameServerAddress, type RocketMQConnectionOptions } from '../options.js'
import { parseDestination, type RocketMQPattern } from '../pattern.js'
import { RocketMQRecord, recordFields } from '../record.js'
import {
  type ExecuteTransaction,
  type NativeTransactionProducer,
  runTransaction,
  type TransactionOutcome,
} from '../transaction-outcome.js'
import { errorText } from '../verdict.js'
import { TransactionEntry } from './transaction-entry.js'
import { outsideTransactions, serializeTransactions } from './turns.js'

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
  readonly producer?: (options: TransactionProducerOptions<ExecuteTransaction>) => NativeTransactionProducer
}

export interface RocketMQTransactionsEvents extends Record<string, (...args: never[]) => unknown> {
  /** Brokers can ask this process; `attempts`: how many it took to reach them. */
  ready: (attempts: number) => void
  /** They cannot yet; it is tried again. */
  notReady: (reason: string) => void
  /** Rows older than `retentionMs` stay; it is tried again. `failures`: how often in a row. */
  cleanupFailed: (reason: string, failures: number) => void
}

/** Names who can answer for a message. */
const OWNER = 'rockhopper-transactions'
const WEEK_MS = 7 * 86_400_000
const CLEANUP_MS = 3_600_000
/** After a failure; doubled with each one in a row. */
const CLEANUP_RETRY_MS = 60_000
/** From this many failures in a row on the table grows and somebody has to look. */
const CLEANUP_FAILURES_MAX = 3

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
  readonly #listeners = new Listeners<RocketMQTransactionsEvents>((error) => this.#logger.error(error))
  readonly #start: LateStart
  #isStarted = false
  #cancelCleanup: () => void = () => undefined
  #cleaning: Promise<void> = Promise.resolve()
  #cleanup: { readonly failures: number; readonly reason?: string } = { failures: 0 }

  /** @throws RocketMQSetupError without a name server, MqError GROUP_ILLEGAL. */
  constructor(dataSource: DataSource, options: RocketMQTransactionsOptions) {
    this.#dataSource = dataSource
    this.#options = options
    this.#env = options.env ?? createNodeEnv({ log: nestLog(this.#logger) })
    const make = options.producer ?? ((given) => new TransactionProducer<ExecuteTransaction>(given))
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
    this.#start = new LateStart({
      clock: this.#env.clock,
      start: () => this.#greet(),
      started: (attempts) => this.#listeners.tell('ready', attempts),
      failed: (reason, attempts) => this.#notReady(reason, attempts),
    })
  }

  /** May be called before `start`. */
  on<Name extends keyof RocketMQTransactionsEvents>(
    event: Name,
    listener: RocketMQTransactionsEvents[Name],
  ): this {
    this.#listeners.add(event, listener)
    return this
  }

  /**
   * From here on brokers may ask this process. When none can be reached it is tried again in the background,
   * and this resolves all the same: an application starts before its brokers, and `readiness` tells.
   */
  async start(): Promise<void> {
    serializeTransactions(this.#dataSource)
    this.#cleanUpAfter(CLEANUP_MS)
    await this.#start.begin()
  }

  /** Waits for transactions under way, at most 10 s. To be called before the data source closes. */
  async stop(): Promise<void> {
    await this.#start.stop()
    await this.#cleaning
    // Behind a clean-up that set the next one.
    this.#cancelCleanup()
    await this.#producer.shutdown()
  }

  /**
   * For `@nestjs/terminus`: `down` until brokers can ask this process, `degraded` while old rows cannot be
   * removed, three times in a row. Never rejects.
   */
  async readiness<Key extends string>(key: Key): Promise<RocketMQHealth<Key>> {
    const { state, reason = `it is ${state}` } = this.#start
    if (state !== 'started') return healthResult(key, 'down', { message: `brokers cannot ask: ${reason}` })
    const { failures, reason: message } = this.#cleanup
    if (failures < CLEANUP_FAILURES_MAX) return healthResult(key, 'up', { cleanupFailures: failures })
    return healthResult(key, 'degraded', { message: `old rows stay: ${message}`, cleanupFailures: failures })
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
    let isCommitting = false
    const inTransaction = ({ transactionId }: TransactionContext): Promise<T> =>
      this.#dataSource.transaction(async (manager) => {
        await this.#note(manager, transactionId, 'COMMITTED')
        const value = await work(manager)
        isCommitting = true
        return value
      })
    // A commit that failed may have happened all the same, say when the connection broke behind it.
    const stateOfFailure = () => (isCommitting ? 'UNKNOW' : 'ROLLBACK_MESSAGE')
    return runTransaction(this.#producer, message, inTransaction, stateOfFailure)
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

  async #greet(): Promise<void> {
    const { topics = [] } = this.#options
    if (this.#isStarted) return this.#producer.greet(topics)
    this.#isStarted = true
    await this.#producer.start({ topics })
  }

  #notReady(reason: string, attempts: number): void {
    const message = 'brokers cannot ask about transactions yet; tried again'
    this.#logger.warn({ message, producerGroup: this.#options.producerGroup, attempts, reason })
    this.#listeners.tell('notReady', reason)
  }

  #cleanUpAfter(delayMs: number): void {
    this.#cancelCleanup()
    this.#cancelCleanup = this.#env.clock.after(delayMs, () => {
      this.#cleaning = this.#cleanUp().then((nextMs) => this.#cleanUpAfter(nextMs))
    })
  }

  /** Returns when to do it again. Never rejects. */
  async #cleanUp(): Promise<number> {
    const before = this.#env.clock.now() - (this.#options.retentionMs ?? WEEK_MS)
    const { manager } = this.#dataSource
    try {
      await outsideTransactions(this.#dataSource, () =>
        manager.delete(TransactionEntry, { createdAt: LessThan(before) }),
      )
      this.#cleanup = { failures: 0 }
      return CLEANUP_MS
    } catch (error) {
      const reason = errorText(error)
      const failures = this.#cleanup.failures + 1
      this.#cleanup = { failures, reason }
      this.#logger.warn({ message: 'old rows of rocketmq_transaction stay; tried again', failures, reason })
      this.#listeners.tell('cleanupFailed', reason, failures)
      return Math.min(CLEANUP_RETRY_MS * 2 ** (failures - 1), CLEANUP_MS)
    }
  }
}
