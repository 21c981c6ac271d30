import { spawnSync } from 'node:child_process'
import { type DatabaseServer, POSTGRES_IMAGE, startPostgres } from '@rockhopper/e2e'

/** Whether tests can be on PostgreSQL. When not, it says so; in CI that fails. */
export const postgresIsThere = isThere()

/** Undefined where no container engine has the image. */
export const postgresIfThere = async (): Promise<DatabaseServer | undefined> =>
  postgresIsThere ? startPostgres() : undefined

function isThere(): boolean {
  const { status } = spawnSync('docker', ['image', 'inspect', POSTGRES_IMAGE], { timeout: 20_000 })
  if (status === 0) return true
  const why = `no image ${POSTGRES_IMAGE}: set ROCKHOPPER_TEST_POSTGRES_IMAGE, or run: eval "$(.ci/images)"`
  if (process.env['CI'] === 'true') throw new Error(why)
  process.stderr.write(`chaos: SKIPPED PostgreSQL, the services have files: ${why}\n`)
  return false
}
