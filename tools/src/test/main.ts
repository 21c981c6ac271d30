// Everything that must pass: `npm test`, and the full size of one row: `npm run test:long -- ROW`.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readWorkspace, repositoryRoot as root } from '../workspace.js'
import { type Budget, overBudget, parseAllowedSkips, unexpectedSkips } from './limits.js'
import { parseRequest, planSteps, type Request, type Step } from './plan.js'
import { add, closingLine, NOTHING, readTally, type Tally } from './results.js'

interface Outcome {
  readonly step: Step
  readonly seconds: number
  readonly tally: Tally
  readonly ok: boolean
}

process.exitCode = main(process.argv.slice(2))

function main(args: readonly string[]): number {
  const request = parseRequest(args)
  const steps = typeof request === 'string' ? request : planSteps(readWorkspace(root), request)
  if (typeof request === 'string' || typeof steps === 'string') {
    console.error(steps)
    console.log(closingLine({ ...NOTHING, failed: 1 }))
    return 2
  }
  const outcomes = steps.map((step) => runStep(step, request))
  const complaints = [...budgetComplaints(outcomes, request), ...skipComplaints(outcomes)]
  printTable(outcomes)
  for (const complaint of complaints) console.log(`✗ ${complaint}`)
  const sum = outcomes.map(({ tally }) => tally).reduce(add, NOTHING)
  const failed = sum.failed + complaints.length
  console.log(closingLine({ ...sum, failed }))
  return failed === 0 ? 0 : 1
}

function runStep(step: Step, request: Request): Outcome {
  console.log(`\n▸ ${step.title}`)
  const started = Date.now()
  for (const folder of step.results) rmSync(resultFile(folder), { force: true })
  let status = spawn(step, step.command, request)
  const stale = staleSkips(step, started)
  if (stale.length > 0) {
    // A run with skips must not stand for later runs: what was missing may be there now.
    const command = step.command.filter((one) => !one.startsWith('--filter='))
    status = spawn(step, [...command, '--force', ...stale.map((folder) => `--filter=./${folder}`)], request)
  }
  const ok = status === 0
  const found = step.results.map((folder) => readTally(resultFile(folder))).reduce(add, NOTHING)
  // A step without tests of its own that fails, or one that fails in another way, is one failure.
  const tally = ok || found.failed > 0 ? found : { ...found, failed: 1 }
  return { step, seconds: (Date.now() - started) / 1000, tally, ok: ok && tally.failed === 0 }
}

function spawn(step: Step, [program = '', ...args]: readonly string[], { long }: Request): number {
  const { status, error } = spawnSync(program === 'node' ? process.execPath : join(root, program), args, {
    cwd: join(root, step.folder),
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...(long ? { ROCKHOPPER_LONG: '1' } : {}) },
    shell: process.platform === 'win32',
  })
  if (error !== undefined) console.error(String(error))
  return status ?? 1
}

/** Packages whose results came from the cache although they contain skips. */
function staleSkips(step: Step, started: number): string[] {
  if (step.row !== 'unit') return []
  return step.results.filter((folder) => {
    const file = resultFile(folder)
    return existsSync(file) && readTally(file).skipped.length > 0 && startTime(file) < started
  })
}

function startTime(file: string): number {
  const { startTime = statSync(file).mtimeMs } = JSON.parse(readFileSync(file, 'utf8')) as {
    startTime?: number
  }
  return startTime
}

function resultFile(folder: string): string {
  return join(root, folder, '.results', 'jest.json')
}

function budgetComplaints(outcomes: readonly Outcome[], { long }: Request): string[] {
  if (long) return []
  const budget = JSON.parse(readFileSync(join(root, 'tests/budget.json'), 'utf8')) as Budget
  const seconds = new Map<string, number>()
  for (const one of outcomes) seconds.set(one.step.row, (seconds.get(one.step.row) ?? 0) + one.seconds)
  return overBudget(budget, seconds)
}

/** Skips are loud; with CI=true one that is not allowed by name fails the run. */
function skipComplaints(outcomes: readonly Outcome[]): string[] {
  const allowed = parseAllowedSkips(readFileSync(join(root, 'tests/allowed-skips.txt'), 'utf8'))
  const skipped = outcomes.flatMap(({ tally, step }) =>
    tally.skipped.map((name) => ({ name, row: step.row })),
  )
  if (skipped.length > 0) console.log('\nSkipped:')
  for (const { name, row } of skipped)
    console.log(`  ${row}: ${name}${allowed.has(name) ? ' (allowed)' : ''}`)
  if (process.env['CI'] !== 'true') return []
  const names = unexpectedSkips(
    skipped.map(({ name }) => name),
    allowed,
  )
  return names.map((name) => `skipped in CI and not in tests/allowed-skips.txt: ${name}`)
}

function printTable(outcomes: readonly Outcome[]): void {
  const width = Math.max(...outcomes.map(({ step }) => step.title.length))
  console.log(`\n  ${'step'.padEnd(width)}   seconds    passed  failed  skipped`)
  for (const { step, seconds, tally, ok } of outcomes) {
    const counts = [tally.passed, tally.failed, tally.skipped.length]
      .map((count) => String(count).padStart(8))
      .join('')
    console.log(`${ok ? '✓' : '✗'} ${step.title.padEnd(width)}  ${seconds.toFixed(1).padStart(8)}  ${counts}`)
  }
}
