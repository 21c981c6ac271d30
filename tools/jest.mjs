// Runs Jest for the package in the current directory: `node ../../tools/jest.mjs [jest arguments]`.
// The results are also written to .results/, where the test runner adds them up.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, watch } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const jest = createRequire(import.meta.url).resolve('jest/bin/jest')
const nodeFlags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
const jestFlags = ['--json', '--outputFile=.results/jest.json', '--passWithNoTests']
const settings = resolve('jest.config.mjs')
const { default: config } = existsSync(settings) ? await import(pathToFileURL(settings).href) : {}
// What a package says of its coverage holds for all of its tests; counting takes as long as testing.
if (
  process.env.ROCKHOPPER_LONG === '1' &&
  config?.coverageThreshold !== undefined &&
  process.argv.length === 2
)
  jestFlags.push('--coverage', '--coverageDirectory=.results/coverage', '--coverageReporters=json-summary')
mkdirSync('.results', { recursive: true })
rmSync('.results/jest.json', { force: true })
// With --json Jest prints the whole result to standard output; what a person reads goes to standard error.
const child = spawn(process.execPath, [...nodeFlags, jest, ...jestFlags, ...process.argv.slice(2)], {
  stdio: ['inherit', 'ignore', 'inherit'],
})
// A test that failed may leave a server behind, which keeps Jest alive for ever.
const watcher = watch('.results', (_, name) => {
  if (name !== 'jest.json') return
  setTimeout(() => {
    console.error('Ended: something that a test started still runs ten seconds after the last test.')
    process.exitCode = 1
    child.kill('SIGKILL')
  }, 10_000).unref()
})
child.on('exit', (code, signal) => {
  watcher.close()
  process.exitCode = signal === null ? (code ?? 1) : 1
})
