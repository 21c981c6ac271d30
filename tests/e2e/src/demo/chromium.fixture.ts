import { existsSync } from 'node:fs'
import { test } from '@jest/globals'

export const CHROMIUM = process.env['ROCKHOPPER_CHROMIUM'] ?? '/usr/bin/chromium'
/** Headless, and silent about the world outside. */
export const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** In CI a missing browser is a failure, elsewhere a skip that the last line counts. */
export const withBrowser = existsSync(CHROMIUM) || process.env['CI'] === 'true' ? test : test.skip
