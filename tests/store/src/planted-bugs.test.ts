import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import { type Bug, MUTATIONS } from './mutations.fixture.js'
import type { Losses } from './power-run.js'
import { runOf } from './program.fixture.js'
import { MODES } from './simulated-store.js'

const SEEDS = 400
const LOADER = createRequire(import.meta.url).resolve('@rockhopper/chaos/dist/plant-loader.js')

/** What the power matrix says of a build with `bugs` in it: of the first mode that finds something. */
async function matrixWith(bugs: readonly Bug[], seeds: number): Promise<{ wrong: string; planted: boolean }> {
  const env = {
    NODE_OPTIONS: `--import=${pathToFileURL(LOADER).href}`,
    ROCKHOPPER_PLANT: JSON.stringify(bugs),
  }
  let planted = false
  for (const mode of MODES) {
    const { answer, said } = await runOf('power-main.js', [mode, 1, seeds], env)
    planted = said.includes('planted a bug')
    const { wrong } = answer as Losses
    if (wrong !== '') return { wrong, planted }
  }
  return { wrong: '', planted }
}

test('the matrix says nothing of the store as it is', async () => {
  expect(await matrixWith([], 40)).toEqual({ wrong: '', planted: false })
}, 600_000)

test.each(MUTATIONS)(
  '%s is found out',
  async (_, says, bugs) => {
    const { wrong, planted } = await matrixWith(bugs, SEEDS)
    expect(planted).toBe(true)
    expect(wrong).toMatch(says)
  },
  600_000,
)
