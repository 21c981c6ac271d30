import { spawnSync } from 'node:child_process'
import { describe } from '@jest/globals'

/**
 * `describe`, but without Java, Maven or Go the tests are skipped and it says so; in CI their absence fails.
 */
export function describeWithTools(name: string, tests: () => void): void {
  const missing = missingTools()
  if (missing.length === 0) {
    describe(name, tests)
    return
  }
  if (process.env['CI'] === 'true') throw new Error(`interop tests need ${missing.join(', ')}`)
  process.stderr.write(`interop: SKIPPED '${name}': ${missing.join(', ')} not found\n`)
  describe.skip(name, tests)
}

function missingTools(): string[] {
  const probes: [string, string][] = [
    ['java', '-version'],
    ['mvn', '-version'],
    ['go', 'version'],
  ]
  return probes.filter(([tool, flag]) => spawnSync(tool, [flag]).status !== 0).map(([tool]) => tool)
}
