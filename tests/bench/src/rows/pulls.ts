import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LoadTask } from '../load/load-task.js'
import { rateOf } from '../send.js'
import { type BrokerRow, loaded, type Subject } from './row.js'
import type { Sizes } from './sizes.js'

/** Less than the newest 64 MiB, which brokers hold in memory. */
const HOT_MESSAGES_A_QUEUE = 8_000
const COLD_MS = 1_000

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

type PullRow = Pick<BrokerRow, 'name' | 'measure'>

const filtered = (name: string, expressionType: string, subscription: string): PullRow => ({
  name: `pull filtered by ${name}`,
  async measure(subject, sizes) {
    const backlog = Math.min(HOT_MESSAGES_A_QUEUE, await subject.backlog())
    const values = await pulled(subject, sizes, backlog, { expressionType, subscription })
    // Nothing to deliver is answered with a code of its own.
    return values.rate === 0 ? { ...values, errors: 0 } : values
  },
})

const ROWS: readonly PullRow[] = [
  {
    name: 'pull, hot tail',
    async measure(subject, sizes) {
      const all = await subject.backlog()
      const backlog = Math.min(HOT_MESSAGES_A_QUEUE, all)
      return pulled(subject, sizes, backlog, { backlogFrom: all - backlog })
    },
  },
  {
    name: 'pull, backlog in page cache',
    measure: async (subject, sizes) => pulled(subject, sizes, await subject.backlog()),
  },
  filtered('a tag that all have', 'TAG', 'TagA'),
  filtered('a tag that none has', 'TAG', 'TagB'),
  filtered('SQL that all match', 'SQL92', "TAGS IS NOT NULL AND TAGS = 'TagA'"),
  filtered('SQL that none matches', 'SQL92', "TAGS = 'TagB'"),
  {
    name: 'pull, cold backlog',
    async measure(subject, sizes) {
      const backlog = await subject.backlog()
      if (subject.storeDir === undefined) throw new Error('no store to forget')
      forgetCache(subject.storeDir)
      // What is read once is in the cache again: the time is short, and the first of it counts.
      return pulled(subject, sizes, backlog, { warmUpMs: 0, measureMs: COLD_MS })
    },
  },
]

/** On one broker with one backlog. Each row after the first finds code that is compiled, on both sides. */
export const PULL_ROWS: readonly BrokerRow[] = ROWS.map((row) => ({
  ...row,
  together: 'pulls',
  config: { enablePropertyFilter: true },
}))
