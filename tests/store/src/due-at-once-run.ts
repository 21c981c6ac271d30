import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { createBroker } from '@rockhopper/broker'
import { createNodeEnv, type Disk, type DiskFile } from '@rockhopper/env'
import { createRemotingClient, type RemotingClient, type RequestHeader } from '@rockhopper/remoting'

const TOPIC = 'TopicTest'
const AT_ONCE = 500
/** Fewer tell how fast a process is that has just started. */
const TRIAL_MIN = 2_000
const POLL_MS = 10
/** Sending may take so many times as long as a part of it did: others use the machine too. */
const SPARE = 3
const DAY_MS = 86_400_000

/** What became of messages that were all due in one tick. Bytes and milliseconds. */
export interface Delivery {
  /** Messages that were there before their time. */
  readonly early: number
  readonly tookMs: number
  /** The longest that the loop stood still, with the client in the same process. */
  readonly longestMs: number
  /** Of one write into the log, without the zeros behind its records. */
  readonly largestWrite: number
}

/**
 * Rule 33 of what a broker must stand: real time, real files, real sockets.
 *
 * @throws Error when sending took so long that the first were due before the last was sent.
 */
export async function dueAtOnce(count: number): Promise<Delivery> {
  const silent = () => undefined
  const real = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })
  const { disk, largest } = watched(real.disk)
  const env = { ...real, disk }
  const storePathRootDir = mkdtempSync(join(tmpdir(), 'rockhopper-due-'))
  // A disk that others keep busy is no reason to refuse here.
  const patience = { waitTimeMillsInSendQueue: 60_000, osPageCacheBusyTimeOutMills: 60_000 }
  const broker = createBroker({ env, config: { listenPort: 0, storePathRootDir, ...patience } })
  await broker.start()
  const client = createRemotingClient({ ...env, timeoutMs: 60_000 })
  const delivered = async () => {
    const place = { topic: TOPIC, queueId: 0 }
    return (await client.invoke(broker.address, 'GET_MAX_OFFSET', place)).header.offset ?? 0
  }
  try {
    const dueMs = await parkAll(client, broker.address, count)
    const early = await delivered()
    await delay(Math.max(0, dueMs - Date.now()))
    largest.size = 0
    const stalls = monitorEventLoopDelay({ resolution: 1 })
    stalls.enable()
    while ((await delivered()) < count) await delay(POLL_MS)
    stalls.disable()
    const tookMs = Date.now() - dueMs
    const longestMs = Math.round(stalls.max / 1e6)
    return { early, tookMs, longestMs, largestWrite: largest.size }
  } finally {
    await client.close()
    await broker.stop()
    rmSync(storePathRootDir, { recursive: true, force: true })
  }
}

/** Resolves with the time at which so many messages are due. */
async function parkAll(client: RemotingClient, address: string, count: number): Promise<number> {
  const trial = Math.max(TRIAL_MIN, Math.ceil(count / 50))
  // Some of them first for a time that is surely later, to see how long sending takes.
  const later = Date.now() + DAY_MS
  await park(client, address, trial, later)
  const startedAt = Date.now()
  await park(client, address, trial, later)
  const sendingMs = (count / trial) * (Date.now() - startedAt)
  const dueMs = Math.ceil((Date.now() + SPARE * sendingMs + 2_000) / 1_000) * 1_000
  await park(client, address, count, dueMs)
  if (Date.now() >= dueMs) throw new Error('sending took too long: on so busy a machine this shows nothing')
  return dueMs
}

async function park(client: RemotingClient, address: string, count: number, dueMs: number): Promise<void> {
  const header: RequestHeader<'SEND_MESSAGE'> = {
    producerGroup: 'pg',
    topic: TOPIC,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp: Date.now(),
    flag: 0,
    properties: `TIMER_DELIVER_MS\x01${dueMs}\x02WAIT\x01true\x02`,
    reconsumeTimes: 0,
    unitMode: false,
    batch: false,
  }
  const body = Buffer.from('hello')
  for (let sent = 0; sent < count; sent += AT_ONCE) {
    const sends = Array.from({ length: Math.min(AT_ONCE, count - sent) }, () =>
      client.invoke(address, 'SEND_MESSAGE_V2', header, body),
    )
    for (const { code, remark } of await Promise.all(sends))
      if (code !== 0) throw new Error(`a send was refused with ${code}: ${remark}`)
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
