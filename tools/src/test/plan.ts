import type { WorkspacePackage } from '../workspace.js'

/** What the command line asks for: `npm test [-- --force] [-- ROW …]`, `npm run test:long -- ROW`. */
export interface Request {
  readonly long: boolean
  /** Results of earlier runs are not used. */
  readonly force: boolean
  /** Only these rows; all when empty. */
  readonly rows: readonly string[]
}

/** The request, or what is wrong with it. */
export function parseRequest(args: readonly string[]): Request | string {
  const rows = args.filter((one) => !one.startsWith('--'))
  const unknown = args.find((one) => one.startsWith('--') && one !== '--long' && one !== '--force')
  if (unknown !== undefined) return `unknown option ${unknown}`
  const long = args.includes('--long')
  if (long && rows.length !== 1) return 'npm run test:long -- ROW: name one row'
  return { long, force: args.includes('--force'), rows }
}

export interface Step {
  readonly title: string
  /** Budgets are per row: tests/budget.json. */
  readonly row: string
  /** A program and its arguments; `node` is the Node this runs on. */
  readonly command: readonly string[]
  /** Relative to the root. */
  readonly folder: string
  /** Folders in which the step leaves `.results/jest.json`. */
  readonly results: readonly string[]
}

const bin = (name: string): string => `node_modules/.bin/${name}`
const check = (title: string, ...command: readonly string[]): Step => ({
  title,
  row: 'checks',
  command,
  folder: '.',
  results: [],
})

const CHECKS: readonly Step[] = [
  check('format and lint', bin('biome'), 'check', '--error-on-warnings', '--max-diagnostics=50'),
  check('types of tests', bin('tsc'), '-p', 'tsconfig.check.json'),
  check('types of the page', bin('tsc'), '-p', 'apps/demo/web/tsconfig.json'),
  check('promises and switches', bin('eslint'), '.'),
  check(
    'package graph',
    bin('depcruise'),
    '--config',
    '.dependency-cruiser.cjs',
    'packages',
    'apps',
    'tests',
  ),
  check('project references', 'node', 'tools/dist/refs/main.js', '--check'),
  check('generated pages', 'node', 'tools/dist/docs/main.js', '--check'),
  check('style', 'node', 'tools/dist/tidy/main.js'),
]

/** The steps after the build: checks, unit tests, one row for each folder of tests. Or what is wrong. */
export function planSteps(workspace: readonly WorkspacePackage[], { rows, force }: Request): Step[] | string {
  const folders = workspace.map(({ folder }) => folder)
  const units = workspace.filter(isUnit).map(({ folder }) => folder)
  const steps = [...CHECKS, unitStep(units, force), ...folders.filter(isRow).map(rowStep)]
  const unknown = rows.find((row) => !steps.some((step) => step.row === row))
  if (unknown !== undefined)
    return `no row ${unknown}: ${[...new Set(steps.map(({ row }) => row))].join(', ')}`
  return rows.length === 0 ? steps : steps.filter((step) => rows.includes(step.row))
}

/** An example has no tests of its own: one of tests/e2e runs all of them. */
const isUnit = ({ folder, manifest }: WorkspacePackage): boolean =>
  !folder.startsWith('tests/') && manifest.scripts?.['test'] !== undefined

const isRow = (folder: string): boolean => folder.startsWith('tests/') && folder !== 'tests/bench'

function unitStep(folders: readonly string[], force: boolean): Step {
  const filters = folders.map((folder) => `--filter=./${folder}`)
  const flags = [
    '--concurrency=2',
    '--continue',
    '--output-logs=new-only',
    '--ui=stream',
    ...(force ? ['--force'] : []),
  ]
  return {
    title: 'unit tests',
    row: 'unit',
    command: [bin('turbo'), 'run', 'test', ...flags, ...filters],
    folder: '.',
    results: folders,
  }
}

function rowStep(folder: string): Step {
  const row = folder.slice('tests/'.length)
  return { title: `${row} tests`, row, command: ['node', '../../tools/jest.mjs'], folder, results: [folder] }
}
