import { wholeNumber } from '@rockhopper/seckill-contracts'

export interface ApiSettings {
  /** How often the stock may stand in line at this instance. */
  readonly stockMultiple: number
  /** Requests taken in a second by this instance; more are answered with 429. */
  readonly admitPerSecond: number
  /** Tells the instances on one host apart. */
  readonly instance: string
}

export const API_SETTINGS = Symbol('API_SETTINGS')

/** @throws SettingsError */
export function readApiSettings(env: NodeJS.ProcessEnv = process.env): ApiSettings {
  return {
    stockMultiple: wholeNumber('SECKILL_STOCK_MULTIPLE', { byDefault: 10, min: 1, max: 10_000 }, env),
    admitPerSecond: wholeNumber('SECKILL_ADMIT_RATE', { byDefault: 5_000, min: 1, max: 1_000_000 }, env),
    instance: env['SECKILL_INSTANCE'] || 'api-1',
  }
}
