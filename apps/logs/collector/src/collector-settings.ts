import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { type ServiceSettings, SettingsError, wholeNumber } from '@rockhopper/logs-contracts'

export interface CollectorSettings {
  /** Files to follow, absolute. */
  readonly files: readonly string[]
  /** Who reads them: part of every line's id, so it must not change while lines are on their way. */
  readonly source: string
  readonly positionFile: string
  /** How often the files are looked at. */
  readonly pollMs: number
  /** How long a file that was renamed may still grow: the service that writes it has to notice first. */
  readonly rotationGraceMs: number
}

/** @throws SettingsError */
export function readCollectorSettings(service: ServiceSettings, env = process.env): CollectorSettings {
  const files = (env['LOG_TAIL_FILES'] ?? '').split(',').filter((path) => path.trim() !== '')
  const source = env['LOG_SOURCE'] || hostname()
  if (!/^[\w.:-]{1,64}$/.test(source))
    throw new SettingsError(`LOG_SOURCE=${source}: want 1 to 64 of A-Z a-z 0-9 _ . : -`)
  return {
    files: [...new Set(files.map((path) => resolve(path.trim())))],
    source,
    positionFile: join(service.dataDir, 'collector', 'positions.json'),
    pollMs: wholeNumber('LOG_TAIL_POLL_MS', { byDefault: 250, min: 10, max: 60_000 }, env),
    rotationGraceMs: wholeNumber('LOG_TAIL_GRACE_MS', { byDefault: 2_000, min: 0, max: 600_000 }, env),
  }
}
