import { DataSource } from 'typeorm'
import type { ServiceSettings } from './settings.js'

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
