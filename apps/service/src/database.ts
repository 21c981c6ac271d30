import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DataSource, type DataSourceOptions, type EntitySchema } from 'typeorm'
import type { ServiceSettings } from './settings.js'

type Entities = readonly (new () => object)[] | readonly EntitySchema[]

/**
 * A database of the service's own: a file, or with DATABASE_URL a schema of PostgreSQL named after the
 * service.
 */
export function databaseOptions(settings: ServiceSettings, entities: Entities): DataSourceOptions {
  const shared = { entities: [...entities] as (new () => object)[], synchronize: true }
  if (settings.databaseUrl !== undefined) {
    return { ...shared, type: 'postgres', url: settings.databaseUrl, schema: settings.service }
  }
  mkdirSync(settings.dataDir, { recursive: true })
  const database = join(settings.dataDir, `${settings.service}.sqlite`)
  return { ...shared, type: 'better-sqlite3', database, enableWAL: true }
}

/** Held while a service's tables are made: its instances start at the same time. */
const SCHEMA_LOCK = 7_265_102

/**
 * Opens the database and makes the tables that are missing, one instance of the service at a time. For
 * `dataSourceFactory` of TypeOrmModule. Rejects when the database does not answer.
 */
export async function openDatabase(options?: DataSourceOptions): Promise<DataSource> {
  if (options === undefined) throw new Error('no options of a database: pass those of databaseOptions()')
  if (options.type !== 'postgres') return new DataSource(options).initialize()
  const database = await new DataSource({ ...options, synchronize: false }).initialize()
  const holder = database.createQueryRunner()
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [SCHEMA_LOCK])
    if (options.schema !== undefined) await holder.query(`CREATE SCHEMA IF NOT EXISTS "${options.schema}"`)
    await database.synchronize()
    await holder.query('SELECT pg_advisory_unlock($1)', [SCHEMA_LOCK])
  } catch (error) {
    // The lock goes with its connection.
    await holder.release()
    await database.destroy()
    throw error
  }
  await holder.release()
  return database
}
