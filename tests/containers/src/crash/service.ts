import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Payload } from '@nestjs/microservices'
import { ClientRocketMQ, connectRocketMQ, RocketMQEvent, RocketMQModule } from '@rockhopper/nestjs'
import {
  Inbox,
  Outbox,
  OutboxModule,
  type OutboxPublisher,
  RocketMQTransactions,
  RocketMQTransactionsModule,
} from '@rockhopper/nestjs/typeorm'
import { DataSource, type EntityManager } from 'typeorm'
import { CHARGED, type Order, type OrderKind, PLACED, TOPIC } from './orders.js'
import { dataSourceOptions, Effect, Placed } from './tables.js'

// A service that places orders and charges for them: service.js NAMESERVER DATABASE JOURNAL LIFE. It dies by
// its own hand at the step that ROCKHOPPER_DIE_AT names; with none it only goes on with what is there.

const [, , namesrvAddr = '', database = '', journal = '', life = ''] = process.argv
const [dieAt, dieAtHit = '1'] = (process.env['ROCKHOPPER_DIE_AT'] ?? '').split('#')
const PAUSE_MS = 5
let hits = 0

/** Where a process may die; other places are planted into the compiled transport. */
function step(name: string): void {
  if (name === dieAt && ++hits === Number(dieAtHit)) process.kill(process.pid, 'SIGKILL')
}
Object.assign(globalThis, { step })

const note = (what: string, key: string): void => appendFileSync(journal, `${what} ${key}\n`)

@Controller()
class Charge {
  readonly #inbox = new Inbox(CHARGED)

  constructor(private readonly db: DataSource) {}

  @RocketMQEvent(TOPIC)
  async handle(@Payload() { key }: Order): Promise<void> {
    step('delivered, nothing done')
    await this.#inbox.once(this.db.manager, key, async (manager) => {
      step('key noted, no effect')
      await manager.createQueryBuilder().insert().into(Effect).values({ key, count: 0 }).orIgnore().execute()
      await manager.increment(Effect, { key }, 'count', 1)
      step('effect written, not committed')
    })
    step('effect committed, handler not ended')
  }
}

class SteppingPublisher implements OutboxPublisher {
  constructor(private readonly client: ClientRocketMQ) {}

  async publish(...given: Parameters<OutboxPublisher['publish']>): Promise<{ readonly messageId: string }> {
    step('rows claimed, not sent')
    const sent = await this.client.publish(...given)
    step('sent, not marked')
    return sent
  }
}

const db = await new DataSource(dataSourceOptions(database)).initialize()

@Module({
  providers: [{ provide: DataSource, useValue: db }],
  exports: [DataSource],
})
class DatabaseModule {}

@Module({
  imports: [
    { module: DatabaseModule, global: true },
    RocketMQModule.forRoot({ namesrvAddr, server: { consumerGroup: CHARGED, from: 'first' } }),
    {
      module: class Publishing {},
      global: true,
      providers: [
        {
          provide: SteppingPublisher,
          inject: [ClientRocketMQ],
          useFactory: (client: ClientRocketMQ) => new SteppingPublisher(client),
        },
      ],
      exports: [SteppingPublisher],
    },
    OutboxModule.forRoot({ publisher: SteppingPublisher, leaseMs: 3_000 }),
    RocketMQTransactionsModule.forRoot({ namesrvAddr, producerGroup: PLACED, topics: [TOPIC] }),
  ],
  controllers: [Charge],
})
class App {}

const app = await NestFactory.create(App, { logger: ['error'] })
app.enableShutdownHooks()
connectRocketMQ(app)
await app.startAllMicroservices()
await app.init()
process.on('disconnect', () => process.exit(1))
console.log('ready')

const outbox = app.get(Outbox)
const transactions = app.get(RocketMQTransactions)

class Changed extends Error {
  override readonly name = 'Changed'
}

async function write(manager: EntityManager, { key, kind }: Order, then: () => Promise<unknown>) {
  await manager.insert(Placed, { key })
  step(`order written, ${kind} not`)
  await then()
  step(`${kind} written, not committed`)
  if (kind.endsWith('rollback')) throw new Changed('the customer thinks again')
}

async function place(order: Order): Promise<void> {
  note(order.kind, order.key)
  try {
    if (order.kind.startsWith('outbox')) {
      const event = { pattern: TOPIC, data: order, aggregateId: order.key }
      await db.transaction((manager) => write(manager, order, () => outbox.add(manager, event)))
    } else {
      await transactions.run(TOPIC, order, (manager) => write(manager, order, async () => undefined))
    }
  } catch (error) {
    if (error instanceof Changed) return
    throw error
  }
  step(`order committed, ${order.kind}`)
  note('committed', order.key)
}

const KINDS: readonly OrderKind[] = ['outbox', 'transaction', 'outbox-rollback', 'transaction-rollback']
for (let n = 0; dieAt !== ''; n++) {
  await place({ key: `${life}-${n}`, kind: KINDS[n % KINDS.length] as OrderKind })
  await delay(PAUSE_MS)
}
