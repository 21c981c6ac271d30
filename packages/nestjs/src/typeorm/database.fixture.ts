import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Column, DataSource, type DataSourceOptions, Entity, type Logger, PrimaryColumn } from 'typeorm'
import { ROCKETMQ_ENTITIES } from './index.js'
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

const entities = [...ROCKETMQ_ENTITIES, TransactionEntry, Effect]

const url = process.env['DATABASE_URL']

/** Every database the tests run on here: PostgreSQL, too, when DATABASE_URL names one. */
export const DATABASES: Record<string, (schema: string) => DataSourceOptions> = {
  'sql.js': () => ({ type: 'sqljs', entities, synchronize: true }),
  'better-sqlite3': () => ({ type: 'better-sqlite3', database: ':memory:', entities, synchronize: true }),
  ...(url === undefined
    ? {}
    : {
        postgres: (schema: string) => ({
          type: 'postgres' as const,
          url,
          schema,
          entities,
          synchronize: true,
        }),
      }),
}

export async function open(name: keyof typeof DATABASES & string): Promise<DataSource> {
  const schema = `rockhopper_${randomUUID().slice(0, 8)}`
  const options = DATABASES[name]?.(schema)
  if (options === undefined) throw new Error(`no database ${name}`)
  if (options.type !== 'postgres') return new DataSource(options).initialize()
  return openSchema(options, schema)
}

/** A schema of its own, so that a test leaves nothing behind in somebody's database. */
async function openSchema(options: DataSourceOptions, schema: string): Promise<DataSource> {
  const admin = await new DataSource({ type: 'postgres', url: url ?? '' }).initialize()
  await admin.query(`CREATE SCHEMA ${schema}`)
  const db = await new DataSource(options).initialize()
  const destroy = db.destroy.bind(db)
  db.destroy = async () => {
    await destroy()
    await admin.query(`DROP SCHEMA ${schema} CASCADE`)
    await admin.destroy()
  }
  return db
}

/** Two data sources on one file, as two processes have; tables made by the migration. */
/** `beforeQuery` runs in the middle of what the second one does, as another process might. */
export async function openTwice(
  beforeQuery: (query: string, first: DataSource) => void = () => undefined,
): Promise<{
  first: DataSource
  second: DataSource
  close: () => Promise<void>
}> {
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
