import 'reflect-metadata'
import { Logger } from '@nestjs/common'
import { PATTERN_EXTRAS_METADATA, PATTERN_METADATA } from '@nestjs/microservices/constants.js'
import type { ClientRocketMQ } from '@rockhopper/nestjs'
import {
  type NewOutboxEvent,
  Outbox,
  OutboxEvent,
  ROCKETMQ_ENTITIES,
  RocketMQTransactions,
  serializeTransactions,
  TransactionEntry,
} from '@rockhopper/nestjs/typeorm'
import { ReservationRow, Stock, StockHandlers, StockRow } from '@rockhopper/shop-inventory'
import {
  NoticeHandlers,
  NoticeRow,
  type NoticeSender,
  Notices,
  OrderNews,
  OrderNewsRow,
  Welcome,
} from '@rockhopper/shop-notification'
import {
  OrderRow,
  Orders,
  OutboxCommit,
  PriceRow,
  Prices,
  type PublishWay,
  Quotes,
  Saga,
  SagaHandlers,
  TransactionCommit,
} from '@rockhopper/shop-order'
import {
  BookProvider,
  PaymentHandlers,
  type PaymentProvider,
  PaymentRow,
  Payments,
  ProviderRow,
} from '@rockhopper/shop-payment'
import { throwError } from 'rxjs'
import { DataSource, type EntityManager } from 'typeorm'
import { HalfMessages } from './half-messages.fixture.js'

/** A crash of the process, for everything that is not committed. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

/** Where a service may die while it works; the bus decides. */
export type CrashPoint = 'in-transaction' | 'after-provider' | 'after-smtp' | 'after-half' | 'before-end'
export type MaybeCrash = (point: CrashPoint) => void

/** One handler of one consumer group. */
export interface Route {
  readonly service: ServiceName
  readonly group: string
  readonly topic: string
  readonly tag: string
  handle(data: unknown): Promise<unknown>
}

export const SERVICES = ['order', 'inventory', 'payment', 'notification'] as const
export type ServiceName = (typeof SERVICES)[number]

export interface Delivered {
  readonly channel: string
  readonly id: string
  readonly recipient: string
}

/** The shop's own classes on databases in memory: everything but Nest, the broker and the processes. */
export interface World {
  readonly databases: Readonly<Record<ServiceName, DataSource>>
  readonly orders: Orders
  readonly saga: Saga
  readonly stock: Stock
  readonly payments: Payments
  readonly news: OrderNews
  readonly routes: readonly Route[]
  /** With `transaction`: the orders that a broker would hold back. */
  readonly halves: HalfMessages
  /** What reached the customers, repeats included. */
  readonly delivered: readonly Delivered[]
  close(): Promise<void>
}

/** None: whenever the bus delivers the message about an unpaid order, its time is over. */
const PATIENCE = { paymentTimeoutMs: 0 }

export async function createWorld(
  publish: PublishWay,
  maybeCrash: MaybeCrash = () => undefined,
): Promise<World> {
  Logger.overrideLogger(false)
  const databases = {
    order: await open([OrderRow, PriceRow, TransactionEntry]),
    inventory: await open([StockRow, ReservationRow]),
    payment: await open([PaymentRow, ProviderRow]),
    notification: await open([OrderNewsRow, NoticeRow]),
  }
  const outbox = crashingOutbox(maybeCrash)
  // No broker here: prices come from the fallback.
  const noBroker = { send: () => throwError(() => new Error('no broker')) } as unknown as ClientRocketMQ
  const halves = new HalfMessages(maybeCrash)
  const transactions = new RocketMQTransactions(databases.order, {
    producerGroup: 'shop-order-transactions',
    namesrvAddr: 'nobody:1',
    producer: (options) => halves.producer(options.listener),
  })
  const commit =
    publish === 'outbox' ? new OutboxCommit(databases.order, outbox) : new TransactionCommit(transactions)
  const orders = new Orders(
    databases.order,
    outbox,
    new Quotes(new Prices(databases.order), noBroker),
    commit,
    PATIENCE,
  )
  const saga = new Saga(databases.order, outbox, PATIENCE)
  const stock = new Stock(databases.inventory, outbox)
  await stock.onModuleInit()
  const payments = new Payments(databases.payment, outbox, crashingProvider(databases.payment, maybeCrash))
  const delivered: Delivered[] = []
  const sender: NoticeSender = {
    async send({ channel, id, recipient }) {
      await Promise.resolve()
      delivered.push({ channel, id, recipient })
      maybeCrash('after-smtp')
    },
  }
  const notices = new Notices(databases.notification, sender, sender)
  const news = new OrderNews(databases.notification, notices)
  const routes = [
    ...routesOf('order', new SagaHandlers(saga)),
    ...routesOf('inventory', new StockHandlers(stock)),
    ...routesOf('payment', new PaymentHandlers(payments)),
    ...routesOf('notification', new NoticeHandlers(news, new Welcome(databases.notification, notices))),
  ]
  const close = async (): Promise<void> => {
    for (const database of Object.values(databases)) await database.destroy()
  }
  return { databases, orders, saga, stock, payments, news, routes, halves, delivered, close }
}

async function open(entities: readonly (new () => object)[]): Promise<DataSource> {
  const database = new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    synchronize: true,
    entities: [...entities, ...ROCKETMQ_ENTITIES],
  })
  await database.initialize()
  serializeTransactions(database)
  return database
}

/** Dies before or behind the row: either way the transaction is gone. */
function crashingOutbox(maybeCrash: MaybeCrash): Outbox {
  const outbox = new Outbox()
  const add = outbox.add.bind(outbox)
  outbox.add = async (manager: EntityManager, event: NewOutboxEvent): Promise<string> => {
    maybeCrash('in-transaction')
    const eventId = await add(manager, event)
    maybeCrash('in-transaction')
    return eventId
  }
  return outbox
}

function crashingProvider(database: DataSource, maybeCrash: MaybeCrash): PaymentProvider {
  const provider = new BookProvider(database)
  return {
    async charge(idempotencyKey, amountCents) {
      const result = await provider.charge(idempotencyKey, amountCents)
      maybeCrash('after-provider')
      return result
    },
    async refund(idempotencyKey, amountCents) {
      const result = await provider.refund(idempotencyKey, amountCents)
      maybeCrash('after-provider')
      return result
    },
    find: (idempotencyKey) => provider.find(idempotencyKey),
  }
}

/** Reads the routes from Nest's own decorators, so that a wrong pattern or group shows here, too. */
function routesOf(service: ServiceName, handlers: object): Route[] {
  const prototype = Object.getPrototypeOf(handlers) as Record<string, unknown>
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const method = prototype[name]
    if (typeof method !== 'function') return []
    const patterns = Reflect.getMetadata(PATTERN_METADATA, method) as string[] | undefined
    const extras = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, method) as { group: string } | undefined
    return (patterns ?? []).flatMap((pattern) => {
      const [topic = '', tag = ''] = pattern.split(':')
      const handle = (data: unknown) => (method as (data: unknown) => Promise<unknown>).call(handlers, data)
      // Without a tag it is the question `inventory.quote`, which no event answers.
      return tag === '' ? [] : [{ service, group: extras?.group ?? '', topic, tag, handle }]
    })
  })
}

/** Every event a service decided on, sent or not. */
export function outboxOf(database: DataSource): Promise<OutboxEvent[]> {
  return database.getRepository(OutboxEvent).find({ order: { id: 'ASC' } })
}
