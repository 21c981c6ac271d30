// Runs Jest for the package in the current directory: `node ../../tools/jest.mjs [jest arguments]`.
// The results are also written to .results/, where the test runner adds them up.
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'

const jest = createRequire(import.meta.url).resolve('jest/bin/jest')
const nodeFlags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
const jestFlags = ['--json', '--outputFile=.results/jest.json', '--passWithNoTests']
mkdirSync('.results', { recursive: true })
// With --json Jest prints the whole result to standard output; what a person reads goes to standard error.
const child = spawn(process.execPath, [...nodeFlags, jest, ...jestFlags, ...process.argv.slice(2)], {
  stdio: ['inherit', 'ignore', 'inherit'],
})
child.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 1
})
