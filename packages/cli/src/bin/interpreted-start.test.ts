import { spawnSync } from 'node:child_process'
import { expect, test } from '@jest/globals'

/** Prints whether a hot function is compiled (V8: OptimizationStatus::kOptimized), before and after. */
const PROGRAM = `
const { compileFromNow } = await import(process.argv[1])
const isCompiled = () => {
  const hot = new Function('n', 'let sum = 0; for (let i = 0; i < n; i++) sum += i % 7; return sum')
  for (let i = 0; i < 3_000; i++) hot(1_000)
  return (%GetOptimizationStatus(hot) & 16) !== 0
}
const before = isCompiled()
compileFromNow()
process.stdout.write(before + ' ' + isCompiled())
`

test('nothing is compiled while modules are loaded, and what is hot is from then on', () => {
  const module = new URL('../../dist/bin/interpreted-start.js', import.meta.url).href
  const args = ['--allow-natives-syntax', '--input-type=module', '-e', PROGRAM, module]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  expect(stdout).toBe('false true')
})
