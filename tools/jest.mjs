// Runs Jest for the package in the current directory: `node ../../tools/jest.mjs [jest arguments]`.
// The results are also written to .results/, where the test runner adds them up.
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, watch } from 'node:fs'
import { createRequire } from 'node:module'

const jest = createRequire(import.meta.url).resolve('jest/bin/jest')
const nodeFlags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
const jestFlags = ['--json', '--outputFile=.results/jest.json', '--passWithNoTests']
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
