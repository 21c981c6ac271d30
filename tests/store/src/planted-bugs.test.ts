import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import { type Bug, MUTATIONS } from './mutations.fixture.js'

const SEEDS = 400
const PROGRAM = fileURLToPath(new URL('../dist/power-main.js', import.meta.url))
const LOADER = createRequire(import.meta.url).resolve('@rockhopper/chaos/dist/plant-loader.js')

function matrixWith(bugs: readonly Bug[], seeds: number): { said: string; planted: boolean } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [PROGRAM, String(seeds)], {
    encoding: 'utf8',
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=${pathToFileURL(LOADER).href}`,
      ROCKHOPPER_PLANT: JSON.stringify(bugs),
    },
  })
  if (status !== 0) throw new Error(`the matrix ended with ${status}: ${stderr}`)
  return { said: stdout.trim(), planted: stderr.includes('planted a bug') }
}

test('the matrix says nothing of the store as it is', () => {
  expect(matrixWith([], 40)).toEqual({ said: '', planted: false })
}, 600_000)

test.each(MUTATIONS)(
  '%s is found out',
  (_, says, bugs) => {
    const { said, planted } = matrixWith(bugs, SEEDS)
    expect(planted).toBe(true)
    expect(said).toMatch(says)
  },
  600_000,
)
