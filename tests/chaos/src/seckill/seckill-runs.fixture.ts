import { afterAll, afterEach, beforeAll } from '@jest/globals'
import type { DatabaseServer } from '@rockhopper/e2e'
import { postgresIfThere } from '../postgres.fixture.js'
import { type SeckillPlan, SeckillRun } from './seckill-run.fixture.js'

export interface SeckillRuns {
  /** With a database of its own: of PostgreSQL where it is there, and with it two workers. */
  start(plan?: SeckillPlan): Promise<SeckillRun>
  /** With a file, and so one worker. */
  startOnFile(plan?: SeckillPlan): Promise<SeckillRun>
}

/** The runs of a file of tests: each test stops its own, the last one PostgreSQL. */
export function seckillRuns(): SeckillRuns {
  let postgres: DatabaseServer | undefined
  let databases = 0
  let run: SeckillRun | undefined
  beforeAll(async () => {
    postgres = await postgresIfThere()
  }, 150_000)
  afterAll(async () => {
    await postgres?.[Symbol.asyncDispose]()
  }, 30_000)
  afterEach(async () => {
    await run?.stop()
    run = undefined
  }, 30_000)
  const startOnFile = async (plan: SeckillPlan = {}) => {
    run = new SeckillRun(plan)
    await run.start()
    return run
  }
  return {
    startOnFile,
    start: async (plan = {}) =>
      startOnFile({ ...plan, database: await postgres?.createDatabase(`seckill_${++databases}`) }),
  }
}
