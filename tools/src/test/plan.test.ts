import { describe, expect, test } from '@jest/globals'
import { parseRequest, planSteps } from './plan.js'

const workspace = ['packages/store', 'tests/e2e', 'tests/bench', 'tests/chaos'].map((folder) => ({
  name: folder,
  folder,
  manifest: { name: folder, scripts: { test: 'jest' } },
}))
const example = { name: 'x', folder: 'apps/examples/x', manifest: { name: 'x', scripts: { build: 'tsc' } } }
const all = { long: false, force: false, rows: [], files: [] }
const titles = (rows: readonly string[]): unknown => {
  const steps = planSteps(workspace, { ...all, rows })
  return typeof steps === 'string' ? steps : steps.map(({ row }) => row)
}

describe('the steps of a run', () => {
  test('checks come first, then unit tests, then one row for each folder of tests', () => {
    expect([...new Set(titles([]) as string[])]).toEqual(['checks', 'unit', 'e2e', 'bench', 'chaos'])
  })

  test('a named row is run alone, and an unknown one is refused', () => {
    expect(titles(['chaos'])).toEqual(['chaos'])
    expect(titles(['nothing'])).toMatch(/^no row nothing/)
  })

  test('a package without tests is not waited for', () => {
    const steps = planSteps([...workspace, example], { ...all, rows: ['unit'] })
    expect(Array.isArray(steps) && steps.map(({ results }) => results)).toEqual([['packages/store']])
  })

  test('only the unit tests may come from the cache, and not when forced', () => {
    const steps = planSteps(workspace, { ...all, force: true })
    const cached = Array.isArray(steps) ? steps.filter(({ command }) => command[0]?.endsWith('turbo')) : []
    expect(cached.map(({ row }) => row)).toEqual(['unit'])
    expect(cached[0]?.command).toContain('--force')
  })
})

describe('the command line', () => {
  test('a long run names exactly one row', () => {
    expect(parseRequest(['--long', 'chaos'])).toEqual({ ...all, long: true, rows: ['chaos'] })
    expect(parseRequest(['--long'])).toMatch(/name one row/)
  })

  test('more words of a long run are parts of it', () => {
    const request = parseRequest(['--long', 'chaos', 'power', 'kill'])
    expect(request).toEqual({ ...all, long: true, rows: ['chaos'], files: ['power', 'kill'] })
    const [step] = typeof request === 'string' ? [] : planSteps(workspace, request)
    expect(step).toMatchObject({ row: 'chaos', command: ['node', '../../tools/jest.mjs', 'power', 'kill'] })
  })

  test('an unknown option is refused', () => {
    expect(parseRequest(['--fast'])).toBe('unknown option --fast')
  })
})
