import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { INTEROP_DIR } from '../build-cache.js'
import { CELLS, FEATURES } from './features.js'
import { COMPATIBILITY_FILE, type Compatibility, compatibilityOf, scenarioSources } from './outcomes.js'
import { compatibilityPage, matrixRows } from './page.js'

const recorded = JSON.parse(readFileSync(COMPATIBILITY_FILE, 'utf8')) as Compatibility
const REMEDY = 'run `npm run compatibility`'

test('docs/compatibility.md is what the recorded outcomes make', () => {
  const page = readFileSync(join(INTEROP_DIR, '../../docs/compatibility.md'), 'utf8')
  expect(page === compatibilityPage(recorded) ? 'current' : REMEDY).toBe('current')
})

test('every cell of every feature was run and passed, or says why there is nothing to run', () => {
  const open = matrixRows(recorded).flatMap(({ id, cells }) =>
    CELLS.filter((cell) => cells[cell].kind === 'failed' || cells[cell].kind === 'missing').map(
      (cell) => `${id} ${cell}: ${cells[cell].kind}; ${REMEDY}`,
    ),
  )
  expect(open).toEqual([])
})

test('no scenario changed since its cells were run', () => {
  const now = scenarioSources()
  const changed = Object.keys(FEATURES).filter((id) => now[id] !== recorded.sources[id])
  expect(changed.map((id) => `${id}; ${REMEDY}`)).toEqual([])
})

test('a failure in one of its scenarios makes a cell red, and a cell that nothing ran is missing', () => {
  const run = { features: ['send'], sides: ['ours'], servers: 'ours' } as const
  const outcomes = [
    { ...run, name: 'one', passed: true },
    { ...run, name: 'two', passed: false },
  ]
  const [row] = matrixRows(compatibilityOf('test', outcomes))
  expect(row?.cells['ours/ours']).toEqual({ kind: 'failed', scenarios: ['FAILED two'] })
  expect(row?.cells['official/ours']).toEqual({ kind: 'missing' })
})
