import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Column, DataSource, type DataSourceOptions, Entity, type Logger, PrimaryColumn } from 'typeorm'
import { ROCKETMQ_ENTITIES } from './index.js'
import { CreateOutboxAndInbox1764000000000 } from './migration.js'

/** A business table, to see what a transaction did. */
@Entity('effect')
export class Effect {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  id!: string

  @Column({ type: 'integer' })
  count!: number
}

const entities = [...ROCKETMQ_ENTITIES, Effect]

/** Every database the tests run on here; PostgreSQL when DATABASE_URL names one, in the end-to-end tests. */
export const DATABASES: Record<string, () => DataSourceOptions> = {
  'sql.js': () => ({ type: 'sqljs', entities, synchronize: true }),
  'better-sqlite3': () => ({ type: 'better-sqlite3', database: ':memory:', entities, synchronize: true }),
}

export async function open(name: keyof typeof DATABASES & string): Promise<DataSource> {
  const options = DATABASES[name]?.()
  if (options === undefined) throw new Error(`no database ${name}`)
  return new DataSource(options).initialize()
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
