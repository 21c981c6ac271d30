import { describe, expect, test } from '@jest/globals'
import type {
  LocalTransactionState,
  MessageView,
  TransactionProducerOptions,
  TransactionSendResult,
} from '@rockhopper/client'
import { createNodeEnv } from '@rockhopper/env'
import { type Message, Property } from '@rockhopper/message'
import type { DataSource } from 'typeorm'
import { RocketMQRecordBuilder } from '../record.js'
import { SteppedClock } from '../stepped-clock.fixture.js'
import type { NativeTransactionProducer } from '../transaction-outcome.js'
import { DATABASES, Effect, open } from './database.fixture.js'
import { RocketMQTransactions } from './transaction.js'
import { TransactionEntry } from './transaction-entry.js'
import { serializeTransactions } from './turns.js'

type Listener = TransactionProducerOptions<never>['listener']

const HOUR_MS = 3_600_000
const WEEK_MS = 7 * 24 * HOUR_MS

/** Holds messages back as a broker does, and can ask about them. */
class HalfMessages {
  readonly held: { readonly id: string; readonly message: Message }[] = []
  listener: Listener | undefined
  #nextId = 1
  status: TransactionSendResult['status'] = 'SEND_OK'
  down: Error | undefined

  producer = (options: { readonly listener: unknown }): NativeTransactionProducer => {
    this.listener = options.listener as Listener
    return {
      start: () => this.#greet(),
      greet: () => this.#greet(),
      shutdown: async () => undefined,
      sendMessageInTransaction: (message, execute) => this.#send(message, execute as never),
    }
  }

  async ask(id: string, message: Message | undefined): Promise<LocalTransactionState | undefined> {
    const properties = { ...message?.properties, [Property.UNIQ_KEY]: id }
    const view = { messageId: id, properties } as unknown as MessageView
    const signal = new AbortController().signal
    return this.listener?.checkLocalTransaction(view, { transactionId: id, signal })
  }

  async #greet(): Promise<void> {
    if (this.down !== undefined) throw this.down
  }

  async #send(message: Message, argument: never): Promise<TransactionSendResult> {
    const id = `K${this.#nextId++}`
    this.held.push({ id, message })
    const queue = { topic: message.topic, brokerName: 'a', queueId: 0 }
    const sent = { status: this.status, messageId: id, offsetMessageId: '', queue, queueOffset: 0 }
    const signal = new AbortController().signal
    const context = { transactionId: id, signal }
    const state =
      this.status === 'SEND_OK'
        ? await this.listener?.executeLocalTransaction(message, argument, context)
        : 'ROLLBACK_MESSAGE'
    return { ...sent, transactionId: id, localTransactionState: state ?? 'UNKNOW', confirmed: true }
  }
}

function transactionsOn(db: DataSource, name?: string) {
  const broker = new HalfMessages()
  const clock = new SteppedClock()
  serializeTransactions(db)
  const transactions = new RocketMQTransactions(db, {
    producerGroup: 'g',
    namesrvAddr: '127.0.0.1:1',
    env: { ...createNodeEnv(), clock },
    producer: broker.producer as never,
    ...(name === undefined ? {} : { name }),
  })
  return { broker, transactions, clock }
}

describe.each(DATABASES)('transactions on %s', (database) => {
  async function withDb(run: (db: DataSource) => Promise<void>): Promise<void> {
    const db = await open(database)
    try {
      await run(db)
    } finally {
      await db.destroy()
    }
  }

  test('what the work wrote and the deciding row commit together, then the message', () =>
    withDb(async (db) => {
      const { broker, transactions } = transactionsOn(db)
      const record = new RocketMQRecordBuilder({ id: 7 }).setKeys('7').setProperty('a', 'b').build()
      const { receipt, value } = await transactions.run('order_topic:created', record, async (manager) => {
        await manager.insert(Effect, { id: 'order', count: 1 })
        return 'placed'
      })
      expect(value).toBe('placed')
      expect(receipt).toMatchObject({ localTransactionState: 'COMMIT_MESSAGE', transactionId: 'K1' })
      expect(await db.manager.count(Effect)).toBe(1)
      expect(broker.held[0]?.message).toMatchObject({
        topic: 'order_topic',
        tag: 'created',
        keys: ['7'],
        properties: { a: 'b' },
      })
      expect(String(broker.held[0]?.message.body)).toBe('{"id":7}')
      expect(await broker.ask('K1', broker.held[0]?.message)).toBe('COMMIT_MESSAGE')
    }))

  test('work that throws rolls everything back, and the caller gets its error', () =>
    withDb(async (db) => {
      const { broker, transactions } = transactionsOn(db)
      const failing = transactions.run('order_topic', {}, async (manager) => {
        await manager.insert(Effect, { id: 'order', count: 1 })
        throw new Error('out of stock')
      })
      await expect(failing).rejects.toThrow('out of stock')
      expect(await db.manager.count(Effect)).toBe(0)
      expect(await broker.ask('K1', broker.held[0]?.message)).toBe('ROLLBACK_MESSAGE')
    }))

  test('a transaction that a check found missing can never commit any more', () =>
    withDb(async (db) => {
      const { broker, transactions } = transactionsOn(db)
      const owned = { topic: 'T', body: '', properties: { 'rockhopper-transactions': 'default' } }
      expect(await broker.ask('K1', owned)).toBe('ROLLBACK_MESSAGE')
      const late = transactions.run('order_topic', {}, (manager) =>
        manager.insert(Effect, { id: 'order', count: 1 }),
      )
      await expect(late).rejects.toThrow()
      expect(await db.manager.count(Effect)).toBe(0)
      expect(await broker.ask('K1', owned)).toBe('ROLLBACK_MESSAGE')
    }))

  test('a check in the middle of a transaction waits for its end', () =>
    withDb(async (db) => {
      const { broker, transactions } = transactionsOn(db)
      let asked: Promise<LocalTransactionState | undefined> = Promise.resolve(undefined)
      let isWorking = false
      let finish: () => void = () => undefined
      const running = transactions.run('order_topic', {}, async () => {
        isWorking = true
        await new Promise<void>((resolve) => {
          finish = resolve
        })
      })
      while (!isWorking) await new Promise((resolve) => setImmediate(resolve))
      asked = broker.ask('K1', broker.held[0]?.message)
      finish()
      await running
      expect(await asked).toBe('COMMIT_MESSAGE')
    }))

  test('a check of another database of the group, or of a foreign message, is left to others', () =>
    withDb(async (db) => {
      const { broker } = transactionsOn(db, 'stock')
      const foreign = { topic: 'T', body: '', properties: { 'rockhopper-transactions': 'default' } }
      expect(await broker.ask('K1', foreign)).toBe('UNKNOW')
      expect(await broker.ask('K2', { topic: 'T', body: '' })).toBe('UNKNOW')
      expect(await db.manager.count(TransactionEntry)).toBe(0)
    }))

  test('without a half message that a crash cannot take, the work does not run', () =>
    withDb(async (db) => {
      const { broker, transactions } = transactionsOn(db)
      broker.status = 'FLUSH_DISK_TIMEOUT'
      let ran = 0
      const refused = transactions.run('order_topic', {}, async () => ran++)
      await expect(refused).rejects.toMatchObject({ code: 'SEND_FAILED' })
      expect(ran).toBe(0)
    }))

  test('an application starts without a broker, is not ready, and becomes it by itself', () =>
    withDb(async (db) => {
      const { broker, transactions, clock } = transactionsOn(db)
      const told: string[] = []
      transactions.on('notReady', (reason) => told.push(reason))
      transactions.on('ready', (attempts) => told.push(`ready after ${attempts}`))
      broker.down = new Error('no name server')
      await transactions.start()
      expect(await transactions.readiness('tx')).toMatchObject({
        tx: { status: 'down', message: 'brokers cannot ask: no name server' },
      })
      await clock.advance(1_000)
      broker.down = undefined
      await clock.advance(2_000)
      expect(told).toEqual(['no name server', 'no name server', 'ready after 3'])
      expect(await transactions.readiness('tx')).toMatchObject({ tx: { status: 'up' } })
      await transactions.stop()
      expect(await transactions.readiness('tx')).toMatchObject({ tx: { status: 'down' } })
      expect(clock.timers.size).toBe(0)
    }))
})

test('old rows are removed each hour; what fails is tried again, told, and makes it degraded', async () => {
  const db = await open('sql.js')
  const { transactions, clock } = transactionsOn(db)
  const row = (transactionId: string, createdAt: number) => ({
    transactionId,
    state: 'COMMITTED' as const,
    createdAt,
  })
  await db.manager.insert(TransactionEntry, [row('old', 0), row('new', clock.now() + WEEK_MS)])
  const failures: number[] = []
  transactions.on('cleanupFailed', (_, inRow) => failures.push(inRow))
  await transactions.start()
  await clock.advance(WEEK_MS - HOUR_MS)
  const manager = db.manager as { delete: unknown }
  const remove = manager.delete
  manager.delete = () => Promise.reject(new Error('table is locked'))
  await clock.advance(HOUR_MS)
  expect(failures).toEqual([1])
  expect(await transactions.readiness('tx')).toMatchObject({ tx: { status: 'up', cleanupFailures: 1 } })
  await clock.advance(3 * 60_000)
  expect(failures).toEqual([1, 2, 3])
  expect(await transactions.readiness('tx')).toMatchObject({
    tx: { status: 'degraded', message: 'old rows stay: table is locked' },
  })
  manager.delete = remove
  await clock.advance(4 * 60_000)
  expect(failures).toHaveLength(3)
  expect(await transactions.readiness('tx')).toMatchObject({ tx: { status: 'up', cleanupFailures: 0 } })
  expect(await db.manager.findBy(TransactionEntry, {})).toMatchObject([{ transactionId: 'new' }])
  await transactions.stop()
  await db.destroy()
})
