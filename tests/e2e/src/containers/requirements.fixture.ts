import { spawnSync } from 'node:child_process'
import { describe } from '@jest/globals'

/**
 * `describe`, for tests that need containers. Without a container runtime, or without an image where no
 * official one would do, they are skipped and it says so; in CI that fails.
 */
export function describeWithContainers(
  name: string,
  images: readonly (string | undefined)[],
  tests: () => void,
): void {
  const why = missing(images)
  if (why === undefined) {
    describe(name, tests)
    return
  }
  if (process.env['CI'] === 'true') throw new Error(`'${name}' needs ${why}`)
  process.stderr.write(`e2e: SKIPPED '${name}': it needs ${why}\n`)
  describe.skip(name, tests)
}

function missing(images: readonly (string | undefined)[]): string | undefined {
  if (images.includes(undefined)) return 'an image named by its ROCKHOPPER_TEST_…_IMAGE'
  const asked = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 20_000 })
  return asked.status === 0 ? undefined : 'a container runtime: `docker version` finds no server'
}
