import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { DatabaseServer, type ServerType } from './database-server.fixture.js'
import { availableImage } from './engine.fixture.js'

const jest = createRequire(import.meta.url).resolve('jest/bin/jest')
const transport = fileURLToPath(new URL('../../../packages/nestjs', import.meta.url))

/** Runs the transport's own tests of outbox, inbox, transactions and migrations on one more database. */
async function transportTests({ type, url }: DatabaseServer): Promise<string> {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
  const args = [...flags, jest, '--verbose', 'typeorm/', '--testNamePattern', `on ${type}`]
  const { stderr } = await promisify(execFile)(process.execPath, args, {
    cwd: transport,
    env: { ...process.env, DATABASE_URL: url },
    maxBuffer: 1 << 24,
  })
  return stderr
}

for (const type of ['postgres', 'mariadb'] satisfies ServerType[]) {
  const image = availableImage(type)
  const describeHere = image === undefined ? describe.skip : describe

  describeHere(`the transport on ${type}`, () => {
    test('outbox, inbox, transactions with check-back, and migrations work', async () => {
      await using server = await DatabaseServer.start(type, image ?? '')
      const said = await transportTests(server)
      expect(said).toContain(`outbox on ${type}`)
      expect(said).toContain(`two relays on ${type}`)
      expect(said).toContain(`inbox on ${type}`)
      expect(said).toContain(`transactions on ${type}`)
      expect(said).toContain(`makes on ${type} what synchronize would`)
      expect(said).toMatch(/Tests: +\d+ skipped, \d{2,} passed/)
    }, 240_000)
  })
}
