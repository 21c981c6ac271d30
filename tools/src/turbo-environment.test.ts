import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { repositoryRoot } from './workspace.js'

// turbo hides every variable that turbo.json does not list: a test would skip, or test less, without a word.
const SEEN = {
  ROCKHOPPER_LONG: '1',
  ROCKHOPPER_TEST_POSTGRES_IMAGE: 'postgres:15',
  DATABASE_URL: 'postgres://127.0.0.1/shop',
  TESTCONTAINERS_RYUK_DISABLED: 'true',
  DOCKER_HOST: 'unix:///var/run/docker.sock',
  JAVA_HOME: '/opt/java',
  GOPATH: '/opt/go',
  CI: 'true',
  NODE_OPTIONS: '--no-deprecation',
  NODE_VERSION: 'v24.0.0',
}

test('a turbo task sees the variables that tests read, and not those nobody listed', () => {
  mkdirSync(join(repositoryRoot, 'tools/.results'), { recursive: true })
  const turbo = join(repositoryRoot, 'node_modules/.bin/turbo')
  const PATH = [join(repositoryRoot, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter)
  execFileSync(turbo, ['run', 'probe', '--filter=@rockhopper/tools', '--ui=stream'], {
    cwd: repositoryRoot,
    env: { ...process.env, ...SEEN, PATH, NOT_LISTED: 'x', TURBO_TELEMETRY_DISABLED: '1' },
    stdio: 'pipe',
  })
  const seen: unknown = JSON.parse(
    readFileSync(join(repositoryRoot, 'tools/.results/environment.json'), 'utf8'),
  )
  expect(seen).toMatchObject(SEEN)
  expect(seen).not.toHaveProperty('NOT_LISTED')
})
