import { afterAll, beforeAll, test } from '@jest/globals'
import type { Cluster } from '../cluster.js'
import type { Servers } from '../matrix/features.js'
import { type Outcome, writeOutcomes } from '../matrix/outcomes.js'
import { describeWithTools } from '../requirements.js'
import { removeTempDirs } from '../temp.js'
import { type Scenario, WITH_OURS } from './scenario.js'
import { ScenarioQueue } from './scenario-queue.js'
import { SCENARIOS } from './table.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
/** Every scenario, at the short size: `npm run compatibility`. */
const MATRIX = process.env['ROCKHOPPER_MATRIX'] === '1'
/** Programs that are not built yet are built first, in the worst case with an empty Maven repository. */
const BUILD_TIMEOUT_MS = 900_000
const TEST_TIMEOUT_MS = BUILD_TIMEOUT_MS
/**
 * Much of a scenario is waiting, for a rebalance or a retry; more at once than this only wait for the
 * processor.
 */
const CONCURRENCY = 3
/**
 * Runs only the scenarios whose name matches. Jest's -t would hide the others, but they would run all the
 * same.
 */
const ONLY = new RegExp(process.env['ROCKHOPPER_INTEROP_ONLY'] ?? '')

/**
 * All that clients must be able to do, against whoever's servers. One pair of servers serves all tests of a
 * file.
 */
export function scenariosAgainst(title: string, servers: Servers, start: () => Promise<Cluster>): void {
  describeWithTools(title, () => {
    let cluster: Cluster
    const queue = new ScenarioQueue(CONCURRENCY)
    const outcomes: Outcome[] = []

    beforeAll(async () => {
      cluster = await start()
      queue.start()
    }, BUILD_TIMEOUT_MS)

    afterAll(async () => {
      await cluster?.stop()
      if (MATRIX) writeOutcomes(servers, outcomes)
      removeTempDirs()
    }, TEST_TIMEOUT_MS)

    for (const scenario of SCENARIOS.filter((each) => isChosen(each, servers))) {
      const { features, sides, name } = scenario
      const told = (passed: boolean) => void outcomes.push({ features, sides, servers, name, passed })
      const outcome = queue.add(() => scenario.run(cluster))
      test(
        name,
        async () => {
          await outcome.catch((error: unknown) => {
            told(false)
            throw error
          })
          told(true)
        },
        TEST_TIMEOUT_MS,
      )
    }
  })
}

function isChosen({ name, short = WITH_OURS, sides }: Scenario, servers: Servers): boolean {
  if (!ONLY.test(name)) return false
  const asked = LONG || MATRIX || process.env['ROCKHOPPER_INTEROP_ONLY'] !== undefined
  return asked || sides.some((side) => short.includes(`${side}/${servers}`))
}
