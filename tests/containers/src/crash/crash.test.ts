import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DatabaseServer } from '../database-server.fixture.js'
import { availableImage } from '../engine.fixture.js'
import { CrashRun } from './crash-run.fixture.js'
import { BUGS, STEPS } from './steps.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
/** In the short run all steps are died at on PostgreSQL, and elsewhere a few that differ from run to run. */
const CRASHES = LONG
  ? { postgres: 1_000, mariadb: 1_000, sqlite: 1_000 }
  : { postgres: 20, mariadb: 5, sqlite: 8 }
const CRASH_MS = 15_000
const SETTLE_MS = 60_000

/** The service dies at every step at least once. @returns what was wrong in the end. */
async function crashes(run: CrashRun, count: number): Promise<string[]> {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`crashes with seed ${seed}`)
  for (let n = 0; n < count; n++) {
    // The first time it comes by, or one of the next four: other work is under way then.
    const hit = 1 + ((seed + n * 7_919) % 5)
    await run.diesAt(STEPS[(seed + n) % STEPS.length] as string, hit)
  }
  await run.settle(SETTLE_MS)
  return run.verdict()
}

for (const type of ['postgres', 'mariadb'] as const) {
  const count = CRASHES[type]
  const image = availableImage(type)
  const describeHere = image === undefined ? describe.skip : describe

  describeHere(`a service on ${type} that dies between commit and acknowledgement`, () => {
    test(
      'every key has exactly one effect, and none that was rolled back',
      async () => {
        await using server = await DatabaseServer.start(type, image ?? '')
        await using run = await CrashRun.start(await server.createDatabase('crash'))
        expect(await crashes(run, count)).toEqual([])
        // A service that does nothing does nothing twice, either.
        expect(run.committedCount).toBeGreaterThan(count)
        expect(run.kills.size).toBe(Math.min(count, STEPS.length))
        expect([...run.kills.values()].reduce((sum, one) => sum + one)).toBe(count)
      },
      count * CRASH_MS + SETTLE_MS,
    )
  })
}

describe('a service on a SQLite file that dies between commit and acknowledgement', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rockhopper-crash-db-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))
  const file = () => join(directory, 'db.sqlite')

  test(
    'every key has exactly one effect, and none that was rolled back',
    async () => {
      await using run = await CrashRun.start(file())
      expect(await crashes(run, CRASHES.sqlite)).toEqual([])
      expect(run.committedCount).toBeGreaterThan(CRASHES.sqlite)
    },
    CRASHES.sqlite * CRASH_MS + SETTLE_MS,
  )

  test(
    'planted bugs of inbox, relay and check are found out',
    async () => {
      await using run = await CrashRun.start(file(), BUGS)
      for (const { at } of BUGS) await run.diesAt(at, 1)
      await run.settle(6_000)
      const said = (await run.verdict()).join('\n')
      expect(said).toMatch(/^\w+ \S+ had [2-9] effects$/m)
      expect(said).toMatch(/^outbox \S+ had 0 effects$/m)
      expect(said).toMatch(/^transaction \S+ had 0 effects$/m)
    },
    BUGS.length * CRASH_MS + SETTLE_MS,
  )
})
