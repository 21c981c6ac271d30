import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DataSourceOptions, EntitySchema } from 'typeorm'

/** What every service reads from its environment. */
export interface ServiceSettings {
  readonly service: string
  readonly namesrvAddr: string
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly databaseUrl: string | undefined
}

/** Thrown before anything is opened; the message names the variable and what it takes. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** @throws SettingsError that names the variable and an example. */
export function readSettings(service: string, defaultPort: number, env = process.env): ServiceSettings {
  const port = Number(env['PORT'] ?? defaultPort)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new SettingsError(`PORT=${env['PORT']}: want 0 to 65535, 0 for any free port`)
  }
  const namesrvAddr = env['ROCKETMQ_NAMESRV_ADDR'] ?? '127.0.0.1:9876'
  if (!/^[^\s;]+:\d+(;[^\s;]+:\d+)*$/.test(namesrvAddr)) {
    throw new SettingsError(`ROCKETMQ_NAMESRV_ADDR=${namesrvAddr}: want host:port, several separated by ';'`)
  }
  const databaseUrl = env['DATABASE_URL'] || undefined
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new SettingsError(
      `DATABASE_URL: want postgres://user:password@host:port/database, or unset it to use a file`,
    )
  }
  return {
    service,
    namesrvAddr,
    host: env['HOST'] ?? '127.0.0.1',
    port,
    dataDir: env['ROCKHOPPER_DATA_DIR'] ?? '.rockhopper/shop',
    databaseUrl,
  }
}

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
  return {
    ...shared,
    type: 'better-sqlite3',
    database: join(settings.dataDir, `${settings.service}.sqlite`),
    enableWAL: true,
  }
}
