import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createNodeEnv, type Disk, type DiskFile } from '@rockhopper/env'
import { createRemotingClient, type RemotingClient } from '@rockhopper/remoting'
import { sendMessage } from '../broker.fixture.js'
import { createBroker } from '../broker.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const COUNT = LONG ? 1_000_000 : 2_000
/** Records that a turn of the loop may leave to write: twice what is delivered in one piece. */
const PER_TURN_MAX = 256
const RECORD_SIZE_MAX = 400
const AT_ONCE = 500
const TRIAL_COUNT = LONG ? 20_000 : 500
const TIMEOUT_MS = LONG ? 1_800_000 : 60_000
const TOPIC = 'TopicTest'

const silent = () => undefined

/** Sends so many messages that are due at `dueMs`. */
async function park(client: RemotingClient, address: string, count: number, dueMs: number): Promise<void> {
  const properties = { TIMER_DELIVER_MS: String(dueMs) }
  for (let sent = 0; sent < count; sent += AT_ONCE) {
    const some = Math.min(AT_ONCE, count - sent)
    const answers = await Promise.all(
      Array.from({ length: some }, () => sendMessage(client, address, { topic: TOPIC, properties })),
    )
    for (const { code, remark } of answers) expect({ code, remark }).toMatchObject({ code: 0 })
  }
}

/** The same disk, with the bytes of the largest write into the log, but for the zeros behind its records. */
function watched(disk: Disk) {
  const largest = { size: 0 }
  const file = (inner: DiskFile): DiskFile => ({
    path: inner.path,
    size: () => inner.size(),
    readSync: (...args) => inner.readSync(...args),
    read: (...args) => inner.read(...args),
    writeSync: (from, at, length, position) => {
      if (inner.path.includes('commitlog')) largest.size = Math.max(largest.size, lengthOf(from, at, length))
      return inner.writeSync(from, at, length, position)
    },
    write: (...args) => inner.write(...args),
    sync: () => inner.sync(),
    truncate: (size) => inner.truncate(size),
    close: () => inner.close(),
  })
  return { largest, disk: { ...disk, open: (path, options) => file(disk.open(path, options)) } as Disk }
}

function lengthOf(bytes: Uint8Array, at: number, length: number): number {
  let end = at + length
  while (end > at && bytes[end - 1] === 0) end--
  return end - at
}

/** Rule 33 of what a broker must stand: real time, real files, real sockets. */
// R33
test(
  `${COUNT} messages that are due in one tick are delivered a few in a turn of the loop, none early`,
  async () => {
    const real = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })
    const { disk, largest } = watched(real.disk)
    const env = { ...real, disk }
    const storePathRootDir = mkdtempSync(join(tmpdir(), 'rockhopper-due-'))
    // A disk that others keep busy is no reason to refuse here.
    const patience = { waitTimeMillsInSendQueue: 60_000, osPageCacheBusyTimeOutMills: 60_000 }
    const broker = createBroker({ env, config: { listenPort: 0, storePathRootDir, ...patience } })
    await broker.start()
    const client = createRemotingClient({ ...env, timeoutMs: 60_000 })
    try {
      // Some of them first for a time that is surely later, to see how long sending takes.
      const later = Date.now() + 86_400_000
      await park(client, broker.address, TRIAL_COUNT, later)
      const startedAt = Date.now()
      await park(client, broker.address, TRIAL_COUNT, later)
      const sendingMs = (COUNT / TRIAL_COUNT) * (Date.now() - startedAt)
      const dueMs = Math.ceil((Date.now() + 1.5 * sendingMs + 2_000) / 1_000) * 1_000
      await park(client, broker.address, COUNT, dueMs)
      const sentInTime = Date.now() < dueMs
      const delivered = async () => {
        const place = { topic: TOPIC, queueId: 0 }
        return (await client.invoke(broker.address, 'GET_MAX_OFFSET', place)).header.offset ?? 0
      }
      if (sentInTime) expect(await delivered()).toBe(0)
      await delay(Math.max(0, dueMs - Date.now()))
      largest.size = 0
      const stalls = monitorEventLoopDelay({ resolution: 1 })
      stalls.enable()
      while ((await delivered()) < COUNT) await delay(10)
      stalls.disable()
      const tookMs = Date.now() - dueMs
      const longestMs = Math.round(stalls.max / 1e6)
      const facts = { sentInTime, tookMs, longestMs, largestWrite: largest.size }
      process.stderr.write(`due at once: ${COUNT} messages, ${JSON.stringify(facts)}\n`)
      expect(largest.size).toBeLessThan(PER_TURN_MAX * RECORD_SIZE_MAX)
    } finally {
      await client.close()
      await broker.stop()
      rmSync(storePathRootDir, { recursive: true, force: true })
    }
  },
  TIMEOUT_MS,
)
