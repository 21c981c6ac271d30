import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Column, DataSource, type DataSourceOptions, Entity, type Logger, PrimaryColumn } from 'typeorm'
import { ROCKETMQ_ENTITIES, rocketMQEntities } from './entities.js'
import { CreateOutboxAndInbox1764000000000 } from './migration.js'
import { TransactionEntry } from './transaction-entry.js'

/** A business table, to see what a transaction did. */
@Entity('effect')
export class Effect {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  id!: string

  @Column({ type: 'integer' })
  count!: number
}

const entitiesOn = (type: DataSourceOptions['type']) => [...rocketMQEntities(type), TransactionEntry, Effect]

const SERVER_TYPES = ['postgres', 'mariadb'] as const
type ServerType = (typeof SERVER_TYPES)[number]

/**
 * A server the tests run on, too: DATABASE_URL, `postgres://…` or `mariadb://…`, of a user who may make
 * databases.
 */
const url = process.env['DATABASE_URL']
const server = SERVER_TYPES.find((type) => url?.startsWith(`${type}:`))

/** Those that give each transaction a connection of its own. */
export const SERVERS: readonly string[] = server === undefined ? [] : [server]

/** Every database the tests run on here. */
export const DATABASES: readonly string[] = ['sql.js', 'better-sqlite3', ...SERVERS]

export async function open(name: string): Promise<DataSource> {
  switch (name) {
    case 'sql.js':
      return ready({ type: 'sqljs' })
    case 'better-sqlite3':
      return ready({ type: 'better-sqlite3', database: ':memory:' })
    case server:
      return openDatabase(name as ServerType, url ?? '')
    default:
      throw new Error(`no database ${name}`)
  }
}

function ready(options: DataSourceOptions): Promise<DataSource> {
  return new DataSource({ ...options, entities: entitiesOn(options.type), synchronize: true }).initialize()
}

/** A database of its own, so that a test leaves nothing behind on somebody's server. */
async function openDatabase(type: ServerType, address: string): Promise<DataSource> {
  const database = `rockhopper_${randomUUID().slice(0, 8)}`
  const admin = await new DataSource({ type, url: address }).initialize()
  await admin.query(`CREATE DATABASE ${database}`)
  const own = new URL(address)
  own.pathname = `/${database}`
  const db = await ready({ type, url: own.href })
  const destroy = db.destroy.bind(db)
  db.destroy = async () => {
    await destroy()
    await admin.query(`DROP DATABASE ${database}`)
    await admin.destroy()
  }
  return db
}

/** Two data sources on one database, as two processes have. */
export async function openPair(name: string): Promise<Pair> {
  if (!SERVERS.includes(name)) return openTwice()
  const first = await open(name)
  const second = await new DataSource({ ...first.options, synchronize: false }).initialize()
  const close = async () => {
    await second.destroy()
    await first.destroy()
  }
  return { first, second, close }
}

export interface Pair {
  readonly first: DataSource
  readonly second: DataSource
  readonly close: () => Promise<void>
}

/** Two data sources on one file; tables made by the migration. */
/** `beforeQuery` runs in the middle of what the second one does, as another process might. */
export async function openTwice(
  beforeQuery: (query: string, first: DataSource) => void = () => undefined,
): Promise<Pair> {
  const directory = mkdtempSync(join(tmpdir(), 'rockhopper-outbox-'))
  const options: DataSourceOptions = {
    type: 'better-sqlite3',
    database: join(directory, 'db.sqlite'),
    enableWAL: true,
    entities: [...ROCKETMQ_ENTITIES],
    migrations: [CreateOutboxAndInbox1764000000000],
    migrationsRun: true,
  }
  const first = await new DataSource(options).initialize()
  const logger = new QueryHook((query) => beforeQuery(query, first))
  const second = await new DataSource({
    ...options,
    migrationsRun: false,
    logging: true,
    logger,
  }).initialize()
  const close = async () => {
    await first.destroy()
    await second.destroy()
    rmSync(directory, { recursive: true })
  }
  return { first, second, close }
}

/** TypeORM logs a query before it runs it. */
class QueryHook implements Logger {
  readonly #before: (query: string) => void

  constructor(before: (query: string) => void) {
    this.#before = before
  }

  logQuery(query: string): void {
    this.#before(query)
  }
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
