import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Spread, spread } from './statistics.js'
import { runStore } from './store/run-store.js'
import { makeSparseStore } from './store/sparse-store.js'
import type { Opened, PutGet, Served, SyncWrites } from './store/store-task.js'

const GIB = 1024 ** 3
const FREE_MIN = 30 * GIB

type Print = (line: string) => void

/** The store alone, no sockets: each measurement on an empty directory that is deleted behind it. */
export async function benchStore(quick: boolean, print: Print, only = ''): Promise<void> {
  const { bavail, bsize } = statfsSync(tmpdir())
  if (!quick && bavail * bsize < FREE_MIN) {
    throw new Error(`${tmpdir()} has less than 30 GB free: set TMPDIR to a larger disk, or run it quick`)
  }
  for (const [name, part] of Object.entries({ 'put-get': putsAndGets, zeros: zerosAhead, recovery, memory }))
    if (name.includes(only)) await part(quick, print)
}

async function inDirectory<R>(run: (directory: string) => Promise<R>): Promise<R> {
  const directory = mkdtempSync(join(tmpdir(), 'rockhopper-bench-store-'))
  try {
    return await run(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const BODY_SIZES = [100, 1024, 4096, 65_536]
const SETTINGS = [
  { queues: 1, sync: false },
  { queues: 1000, sync: false },
  { queues: 1, sync: true },
  { queues: 1000, sync: true },
]

async function putsAndGets(quick: boolean, print: Print): Promise<void> {
  const rounds = quick ? 2 : 5
  const measureMs = quick ? 300 : 3_000
  const results = new Map<string, PutGet[]>()
  for (let round = 0; round < rounds; round++) {
    for (const bodySize of BODY_SIZES) {
      for (const { queues, sync } of SETTINGS) {
        const key = `${bodySize} ${queues} ${sync}`
        const measured = await inDirectory((directory) =>
          runStore<PutGet>({ kind: 'put-get', directory, bodySize, queues, sync, measureMs }),
        )
        results.set(key, [...(results.get(key) ?? []), measured])
      }
    }
  }
  const of = (bodySize: number, queues: number, sync: boolean, value: (one: PutGet) => number) =>
    spread((results.get(`${bodySize} ${queues} ${sync}`) ?? []).map(value))
  const put = (one: PutGet) => one.putsPerSecond
  const get = (one: PutGet) => one.getsPerSecond
  print('## put and get, messages/s: median (min to max); index, queues and checkpoint on, 256 in flight')
  print('')
  print(
    '| body, fsync | put, 1 queue | put, 1,000 queues | ratio | get, 1 queue | get, 1,000 queues | ratio |',
  )
  print('|---|---|---|---|---|---|---|')
  for (const sync of [false, true]) {
    for (const bodySize of BODY_SIZES) {
      const cells = [put, get].map((value) => {
        const [one, many] = [of(bodySize, 1, sync, value), of(bodySize, 1000, sync, value)]
        return `${shown(one)} | ${shown(many)} | ${(many.median / one.median).toFixed(2)}`
      })
      print(`| ${bodySize} B, ${sync ? 'on' : 'off'} | ${cells.join(' | ')} |`)
    }
  }
  print('')
  for (const queues of [1, 1000]) {
    const ratios = BODY_SIZES.map((bodySize) => {
      const ratio = of(bodySize, queues, true, put).median / of(bodySize, queues, false, put).median
      return `${bodySize} B ${ratio.toFixed(2)}`
    })
    print(`put, fsync on / off, ${queues} queues: ${ratios.join(', ')}`)
  }
  print('')
}

/** What syncs cost on a log of holes, and on one that has zeros written ahead. */
async function zerosAhead(quick: boolean, print: Print): Promise<void> {
  print('## the cost of writing zeros ahead: write + fdatasync by turns, one at a time')
  print('')
  print(
    '| bytes per sync | p50 us: hole | zeros | ratio | p99 us: hole | zeros | MB/s: hole | zeros | ratio |',
  )
  print('|---|---|---|---|---|---|---|---|---|')
  for (const size of [1_200, 16 * 1024, 128 * 1024]) {
    const total = (quick ? 64 : 512) * 1024 * 1024
    const count = Math.min(quick ? 400 : 8_000, Math.floor(total / size))
    const holes: SyncWrites[] = []
    const zeros: SyncWrites[] = []
    for (let round = 0; round < (quick ? 2 : 5); round++) {
      for (const [into, ahead] of [
        [holes, false],
        [zeros, true],
      ] as const) {
        into.push(
          await inDirectory((directory) =>
            runStore<SyncWrites>({
              kind: 'sync-writes',
              path: join(directory, 'log'),
              zerosAhead: ahead,
              count,
              size,
            }),
          ),
        )
      }
    }
    const median = (of: SyncWrites[], value: (one: SyncWrites) => number) => spread(of.map(value)).median
    const rate = (one: SyncWrites) => (count * size) / 1e6 / one.seconds
    const p50 = [holes, zeros].map((of) => median(of, ({ p50Us }) => p50Us)) as [number, number]
    const p99 = [holes, zeros].map((of) => median(of, ({ p99Us }) => p99Us)) as [number, number]
    const rates = [holes, zeros].map((of) => median(of, rate)) as [number, number]
    const cells = [
      size,
      ...p50,
      (p50[1] / p50[0]).toFixed(2),
      ...p99,
      ...rates.map((one) => one.toFixed(1)),
      (rates[1] / rates[0]).toFixed(2),
    ]
    print(`| ${cells.join(' | ')} |`)
  }
  print('')
}

async function recovery(quick: boolean, print: Print): Promise<void> {
  print('## recovery: from start() to open')
  print('')
  print('| store | after SIGKILL | after a proper stop | messages |')
  print('|---|---|---|---|')
  for (const gib of quick ? [0.125, 0.25] : [1, 10]) {
    await inDirectory(async (directory) => {
      await runStore({ kind: 'fill', directory, size: gib * GIB, queues: 16 })
      await recoverTwice(directory, `${gib} GiB real, 1 KiB bodies, 16 queues`, print)
    })
  }
  const tail = quick ? 0.0625 : 1
  await inDirectory(async (directory) => {
    makeSparseStore(directory, 50, Date.now() - 100_000)
    await runStore<Opened>({ kind: 'open', directory })
    await runStore({ kind: 'fill', directory, size: tail * GIB, queues: 16 })
    await recoverTwice(directory, `50 GiB sparse (one record a file) + ${tail} GiB of real dirty tail`, print)
  })
  print('')
}

async function recoverTwice(directory: string, name: string, print: Print): Promise<void> {
  const crashed = await runStore<Opened>({ kind: 'open', directory })
  const stopped = await runStore<Opened>({ kind: 'open', directory })
  if (crashed.messages !== stopped.messages) throw new Error(`${name}: messages came or went over a stop`)
  print(
    `| ${name} | ${crashed.startMs.toFixed(0)} ms | ${stopped.startMs.toFixed(0)} ms | ${stopped.messages} |`,
  )
}

/** Node as it is, and as `rockhopper server` sets it (packages/cli/src/bin/small-heap.ts). */
const AS_SERVER = ['--import', new URL('../dist/store/as-server.js', import.meta.url).href]
const SERVED: readonly (readonly [flags: readonly string[], holders: number])[] = [
  [[], 1],
  [[], 200],
  [AS_SERVER, 1],
  [AS_SERVER, 200],
]

/** Memory of a process that serves a store larger than any buffer of it. */
async function memory(quick: boolean, print: Print): Promise<void> {
  const gib = quick ? 0.25 : 20
  print(`## memory while serving ${gib} GiB (1 KiB bodies, 64 queues), and what 200 slow readers add`)
  print('')
  print('| Node | readers that keep what they got | messages/s | MiB/s | largest RSS, MiB |')
  print('|---|---|---|---|---|')
  await inDirectory(async (directory) => {
    await runStore({ kind: 'fill', directory, size: gib * GIB, queues: 64 })
    await runStore<Opened>({ kind: 'open', directory })
    for (const [flags, holders] of SERVED) {
      const measureMs = quick ? 2_000 : 60_000
      const served = await runStore<Served>({ kind: 'serve', directory, holders, measureMs }, flags)
      const { getsPerSecond, mibPerSecond, rssMaxMib } = served
      const rates = [getsPerSecond, mibPerSecond, rssMaxMib].map((one) => one.toFixed(0))
      const node = flags === AS_SERVER ? 'as the server sets it' : 'as it is'
      print(`| ${node} | ${holders} | ${rates.join(' | ')} |`)
    }
  })
  print('')
}

const shown = ({ min, median, max }: Spread): string =>
  `${median.toFixed(0)} (${min.toFixed(0)} to ${max.toFixed(0)})`
