import { setTimeout as delay } from 'node:timers/promises'
import { audit, progress } from './books.fixture.js'
import type { Asked } from './load.fixture.js'
import type { ShopRun } from './shop-run.fixture.js'

/** Longer than a retry of the shop takes (the demo's third delay level is 3 s, the fourth 5 s). */
const QUIET_MS = process.env['ROCKHOPPER_LONG'] === '1' ? 30_000 : 8_000
const POLL_MS = 250

/**
 * What is wrong when all is said and done: at once when the books are right, else when nothing moves any
 * more.
 */
export async function verdict(run: ShopRun, asked: readonly Asked[]): Promise<string[]> {
  let seen = ''
  let since = performance.now()
  let right = 0
  for (;;) {
    run.processes.check()
    const faults = await audit(run, asked)
    const now = await progress(run)
    if (now !== seen) {
      seen = now
      since = performance.now()
    }
    // Right, and still right a second later: nothing was on its way to spoil it.
    right = faults.length === 0 ? right + 1 : 0
    if (right > 1_000 / POLL_MS) return []
    if (performance.now() - since > QUIET_MS) return faults
    await delay(POLL_MS)
  }
}
