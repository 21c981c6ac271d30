import type { WorkspacePackage } from '../workspace.js'

/** The command line: `npm test [-- --force] [-- ROW …]`, `npm run test:long -- ROW [FILE …]`. */
export interface Request {
  readonly long: boolean
  /** Results of earlier runs are not used. */
  readonly force: boolean
  /** Only these rows; all when empty. */
  readonly rows: readonly string[]
  /** Only test files of the row whose path has one of these in it; all when empty. */
  readonly files: readonly string[]
}

/** The request, or what is wrong with it. */
export function parseRequest(args: readonly string[]): Request | string {
  const rows = args.filter((one) => !one.startsWith('--'))
  const unknown = args.find((one) => one.startsWith('--') && one !== '--long' && one !== '--force')
  if (unknown !== undefined) return `unknown option ${unknown}`
  const long = args.includes('--long')
  const force = args.includes('--force')
  if (!long) return { long, force, rows, files: [] }
  const [row, ...files] = rows
  return row === undefined
    ? 'npm run test:long -- ROW [FILE …]: name one row'
    : { long, force, rows: [row], files }
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
export function planSteps(
  workspace: readonly WorkspacePackage[],
  { rows, force, files }: Request,
): Step[] | string {
  const folders = workspace.map(({ folder }) => folder)
  const units = workspace.filter(isUnit).map(({ folder }) => folder)
  const steps = [
    ...CHECKS,
    unitStep(units, force),
    ...folders.filter(isRow).map((folder) => rowStep(folder, files)),
  ]
  const unknown = rows.find((row) => !steps.some((step) => step.row === row))
  if (unknown !== undefined)
    return `no row ${unknown}: ${[...new Set(steps.map(({ row }) => row))].join(', ')}`
  return rows.length === 0 ? steps : steps.filter((step) => rows.includes(step.row))
}

/** An example has no tests of its own: one of tests/e2e runs all of them. */
const isUnit = ({ folder, manifest }: WorkspacePackage): boolean =>
  !folder.startsWith('tests/') && manifest.scripts?.['test'] !== undefined

const isRow = (folder: string): boolean => folder.startsWith('tests/')

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

function rowStep(folder: string, files: readonly string[]): Step {
  const row = folder.slice('tests/'.length)
  const command = ['node', '../../tools/jest.mjs', ...files]
  return { title: `${row} tests`, row, command, folder, results: [folder] }
}
