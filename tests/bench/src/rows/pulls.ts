import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LoadTask } from '../load/load-task.js'
import { perMessageUs, rateOf } from '../send.js'
import { type BrokerRow, fill, loaded, type Sizes, type Subject } from './row.js'

/** Less than the newest 64 MiB, which brokers hold in memory. */
const HOT_MESSAGES_A_QUEUE = 8_000

type Shape = Partial<LoadTask>

/** 32 messages an answer, 4 connections, 16 requests in flight. */
async function pulled(subject: Subject, sizes: Sizes, backlog: number, shape: Shape = {}) {
  const load = { kind: 'pull', connections: 4, inFlight: 16, backlog, ...shape } as const
  const result = await loaded(subject, sizes, load)
  const { p50Us, p99Us, requests, serverCpuUs, errors } = result
  const cpuUsAnswer = serverCpuUs / Math.max(1, requests)
  return { rate: rateOf(result), answers: requests / result.seconds, cpuUsAnswer, p50Us, p99Us, errors }
}

/** Tells the kernel to forget what it holds of the files of a store. */
function forgetCache(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    spawnSync('sync', ['-d', file])
    spawnSync('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'])
  }
}

const filtered = (name: string, expressionType: string, subscription: string): BrokerRow => ({
  name: `pull filtered by ${name}`,
  config: { enablePropertyFilter: true },
  async measure(subject, sizes) {
    const backlog = Math.min(HOT_MESSAGES_A_QUEUE, await fill(subject, sizes, sizes.backlogMs))
    const values = await pulled(subject, sizes, backlog, { expressionType, subscription })
    // Nothing to deliver is answered with a code of its own.
    return values.rate === 0 ? { ...values, errors: 0 } : values
  },
})

export const PULL_ROWS: readonly BrokerRow[] = [
  {
    name: 'pull, hot tail',
    async measure(subject, sizes) {
      const all = await fill(subject, sizes, sizes.backlogMs)
      const backlog = Math.min(HOT_MESSAGES_A_QUEUE, all)
      return pulled(subject, sizes, backlog, { backlogFrom: all - backlog })
    },
  },
  {
    name: 'pull, backlog in page cache',
    async measure(subject, sizes) {
      return pulled(subject, sizes, await fill(subject, sizes, sizes.backlogMs * 2))
    },
  },
  {
    name: 'pull, cold backlog',
    async measure(subject, sizes) {
      const backlog = await fill(subject, sizes, sizes.backlogMs * 2)
      if (subject.storeDir === undefined) throw new Error('no store to forget')
      forgetCache(subject.storeDir)
      // What is read once is in the cache again: the time is short, and the first of it counts.
      return pulled(subject, { ...sizes, warmUpMs: 0, measureMs: Math.min(1_000, sizes.measureMs) }, backlog)
    },
  },
  filtered('a tag that all have', 'TAG', 'TagA'),
  filtered('a tag that none has', 'TAG', 'TagB'),
  filtered('SQL that all match', 'SQL92', "TAGS IS NOT NULL AND TAGS = 'TagA'"),
  filtered('SQL that none matches', 'SQL92', "TAGS = 'TagB'"),
]

/** CPU of the broker for a message that is sent: kept here so that rows name one thing one way. */
export const sendValues = (result: Awaited<ReturnType<typeof loaded>>) => ({
  rate: rateOf(result),
  p50Us: result.p50Us,
  p99Us: result.p99Us,
  p999Us: result.p999Us,
  cpuUs: perMessageUs(result),
  errors: result.errors,
})
