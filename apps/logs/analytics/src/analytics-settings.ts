import { type ServiceSettings, SettingsError, wholeNumber } from '@rockhopper/logs-contracts'
import type { WindowTimes } from './watermark.js'

export const ANALYTICS_SETTINGS = Symbol('ANALYTICS_SETTINGS')

export interface AnalyticsSettings {
  readonly namesrvAddr: string
  readonly dataDir: string
  readonly times: WindowTimes
}

const DAY_MS = 86_400_000

/** @throws SettingsError */
export function readAnalyticsSettings(service: ServiceSettings, env = process.env): AnalyticsSettings {
  const ms = (name: string, byDefault: number, min: number): number =>
    wholeNumber(name, { byDefault, min, max: 30 * DAY_MS }, env)
  const times = {
    windowMs: ms('LOG_WINDOW_MS', 10_000, 100),
    slidingMs: ms('LOG_SLIDING_MS', 60_000, 100),
    disorderMs: ms('LOG_DISORDER_MS', 5_000, 0),
    latenessMs: ms('LOG_LATENESS_MS', 60_000, 0),
    idleMs: ms('LOG_IDLE_MS', 10_000, 100),
    keptMs: ms('LOG_WINDOWS_KEPT_MS', 6 * 3_600_000, 1_000),
  }
  if (times.slidingMs % times.windowMs !== 0)
    throw new SettingsError(`LOG_SLIDING_MS=${times.slidingMs}: want a multiple of LOG_WINDOW_MS`)
  return { namesrvAddr: service.namesrvAddr, dataDir: service.dataDir, times }
}
