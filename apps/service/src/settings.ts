import { LOG_LEVELS, type LogLevel } from './logging.js'

/** What every service reads from its environment. */
export interface ServiceSettings {
  readonly service: string
  readonly namesrvAddr: string
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly databaseUrl: string | undefined
  /** What becomes of topics and groups that are missing at the start: told, or made. */
  readonly topics: 'check' | 'create'
  readonly logLevel: LogLevel
}

/** Thrown before anything is opened; the message names the variable and what it takes. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

export interface SettingsDefaults {
  /** The system that the service belongs to, `shop`: names the folder of its data. */
  readonly system: string
  readonly service: string
  readonly port: number
}

/** @throws SettingsError that names the variable and an example. */
export function readSettings(
  { system, service, port }: SettingsDefaults,
  env: NodeJS.ProcessEnv = process.env,
): ServiceSettings {
  const namesrvAddr = env['ROCKETMQ_NAMESRV_ADDR'] || '127.0.0.1:9876'
  if (!/^[^\s;]+:\d+(;[^\s;]+:\d+)*$/.test(namesrvAddr)) {
    throw new SettingsError(`ROCKETMQ_NAMESRV_ADDR=${namesrvAddr}: want host:port, several separated by ';'`)
  }
  const databaseUrl = env['DATABASE_URL'] || undefined
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new SettingsError(
      'DATABASE_URL: want postgres://user:password@host:port/database, or unset it to use a file',
    )
  }
  const topics = env['ROCKHOPPER_TOPICS'] || 'check'
  if (topics !== 'check' && topics !== 'create') {
    throw new SettingsError(`ROCKHOPPER_TOPICS=${topics}: want check, or create to make what is missing`)
  }
  const logLevel = LOG_LEVELS.find((level) => level === (env['LOG_LEVEL'] || 'info'))
  if (logLevel === undefined) {
    throw new SettingsError(`LOG_LEVEL=${env['LOG_LEVEL']}: want one of ${LOG_LEVELS.join(', ')}`)
  }
  return {
    service,
    namesrvAddr,
    host: env['HOST'] ?? '127.0.0.1',
    port: wholeNumber('PORT', { byDefault: port, min: 0, max: 65_535 }, env),
    dataDir: env['ROCKHOPPER_DATA_DIR'] ?? `.rockhopper/${system}`,
    databaseUrl,
    topics,
    logLevel,
  }
}

/** A whole number from the environment. @throws SettingsError that names the variable and its limits. */
export function wholeNumber(
  name: string,
  limits: { readonly byDefault: number; readonly min: number; readonly max: number },
  env: NodeJS.ProcessEnv = process.env,
): number {
  const given = env[name]
  if (given === undefined || given === '') return limits.byDefault
  const value = Number(given)
  if (Number.isInteger(value) && value >= limits.min && value <= limits.max) return value
  throw new SettingsError(`${name}=${given}: want a whole number from ${limits.min} to ${limits.max}`)
}

/** An http address from the environment, without slashes at its end. @throws SettingsError */
export function httpUrl(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const given = env[name]
  if (given === undefined || given === '') return undefined
  if (/^https?:\/\/[^\s/]+/.test(given)) return given.replace(/\/+$/, '')
  throw new SettingsError(`${name}=${given}: want http://host:port`)
}
