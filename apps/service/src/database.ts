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

/** PostgreSQL has to have the service's schema before TypeORM fills it; a file needs nothing. */
export async function prepareDatabase(settings: ServiceSettings): Promise<void> {
  if (settings.databaseUrl === undefined) return
  const database = await new DataSource({ type: 'postgres', url: settings.databaseUrl }).initialize()
  try {
    await database.query(`CREATE SCHEMA IF NOT EXISTS "${settings.service}"`)
  } finally {
    await database.destroy()
  }
}
