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
