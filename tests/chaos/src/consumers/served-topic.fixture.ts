import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from '@jest/globals'
import { Admin } from '@rockhopper/client'
import { createNodeEnv } from '@rockhopper/env'
import { Server } from './server.fixture.js'

const silent = (): void => undefined
/** For clients of this process, whose members come and go by the hundred. */
export const QUIET = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
}, 60_000)

/** Runs behind the test, before what was started earlier is stopped. */
export const atEnd = (end: () => Promise<unknown>): void => void ends.push(end)

/** A server of its own with one topic; both are gone behind the test. */
export async function servedTopic(
  topic: string,
  queues: number,
): Promise<{ namesrvAddr: string; admin: Admin }> {
  const directory = mkdtempSync(join(tmpdir(), `rockhopper-${topic}-`))
  const server = new Server(directory, [])
  await server.start()
  atEnd(async () => {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  const { namesrvAddr } = server
  const admin = new Admin({ namesrvAddr, env: QUIET })
  await admin.start()
  atEnd(() => admin.shutdown())
  await admin.createTopic(topic, { queues })
  return { namesrvAddr, admin }
}
