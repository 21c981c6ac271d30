/** What every service of the pipeline reads from its environment. */
export interface ServiceSettings {
  readonly service: string
  readonly namesrvAddr: string
  readonly host: string
  readonly port: number
  readonly dataDir: string
}

/** Thrown before anything is opened; the message names the variable and what it takes. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** @throws SettingsError that names the variable and an example. */
export function readSettings(service: string, defaultPort: number, env = process.env): ServiceSettings {
  const namesrvAddr = env['ROCKETMQ_NAMESRV_ADDR'] || '127.0.0.1:9876'
  if (!/^[^\s;]+:\d+(;[^\s;]+:\d+)*$/.test(namesrvAddr))
    throw new SettingsError(`ROCKETMQ_NAMESRV_ADDR=${namesrvAddr}: want host:port, several separated by ';'`)
  return {
    service,
    namesrvAddr,
    host: env['HOST'] ?? '127.0.0.1',
    port: readCount('PORT', defaultPort, 0, 65_535, env),
    dataDir: env['ROCKHOPPER_DATA_DIR'] ?? '.rockhopper/logs',
  }
}

/** A whole number from the environment. @throws SettingsError */
export function readCount(
  name: string,
  byDefault: number,
  min: number,
  max: number,
  env = process.env,
): number {
  const given = env[name]
  const value = given === undefined || given === '' ? byDefault : Number(given)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new SettingsError(`${name}=${given}: want a whole number from ${min} to ${max}`)
}

/** An http address from the environment, without the slash at its end. @throws SettingsError */
export function readUrl(name: string, env = process.env): string | undefined {
  const given = env[name]
  if (given === undefined || given === '') return undefined
  if (/^https?:\/\/[^\s/]+/.test(given)) return given.replace(/\/+$/, '')
  throw new SettingsError(`${name}=${given}: want http://host:port`)
}
