import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Contender, Started } from '../contenders.js'
import type { LoadTask } from '../load/load-task.js'
import { type Loaded, runLoad } from '../load/run-load.js'
import type { Recorder } from '../recorder.js'
import { brokerWithTopic, QUEUES, TOPIC } from '../send.js'

/** How much of everything: `quick` shows that each row works, `full` is what is published. */
export interface Sizes {
  readonly rounds: number
  readonly measureMs: number
  readonly warmUpMs: number
  /** Of a backlog that is pulled, and of a store that grew. */
  readonly backlogMs: number
  readonly grownGb: number
  readonly connections: number
  readonly topics: readonly number[]
  readonly messages: number
}

export const QUICK: Sizes = {
  rounds: 1,
  measureMs: 1_000,
  warmUpMs: 500,
  backlogMs: 1_500,
  grownGb: 0.2,
  connections: 500,
  topics: [1, 100],
  messages: 500,
}

export const FULL: Sizes = {
  rounds: 3,
  measureMs: 3_000,
  warmUpMs: 3_000,
  backlogMs: 6_000,
  grownGb: 10,
  connections: 10_000,
  topics: [1, 100, 10_000],
  messages: 5_000,
}

/** A broker under test. */
export interface Subject extends Started {
  /** Where it writes when it ends how late its event loop was, for a row that watches it. */
  readonly loopDelayFile: string | undefined
  readonly contender: string
  readonly address: string
}

export type Measure = (subject: Subject, sizes: Sizes) => Promise<Readonly<Record<string, number>>>

/** One line of the table: a name, what the broker is started with, and how it is measured. */
export interface BrokerRow {
  readonly name: string
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /** Only ours: it says something of our broker, or Apache's cannot be measured so. */
  readonly oursOnly?: boolean
  readonly watchesLoop?: boolean
  readonly measure: Measure
}

const APACHE_HEAP_MB = 2_048

export async function runRow(
  row: BrokerRow,
  contender: Contender,
  sizes: Sizes,
  round: number,
  recorder: Recorder,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'rockhopper-bench-row-'))
  const loopDelayFile = row.watchesLoop === true ? join(directory, 'loop-delay.json') : undefined
  const config = row.config ?? {}
  const started = await contender.start({ config, heapMb: APACHE_HEAP_MB, loopDelayFile })
  try {
    const address = await brokerWithTopic(started.nameserver)
    const values = await row.measure({ ...started, contender: contender.name, address, loopDelayFile }, sizes)
    recorder.add({ part: 'broker', cell: row.name, contender: contender.name, round, values })
    const text = Object.entries(values).map(([name, value]) => `${name} ${shown(value)}`)
    recorder.print(`round ${round}  ${contender.name.padEnd(22)} ${row.name.padEnd(40)} ${text.join('  ')}`)
  } finally {
    await started.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

export const shown = (value: number): string =>
  Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(2)

type Shape = Partial<Omit<LoadTask, 'host' | 'port'>>

/** Loads a subject; unless said otherwise with messages of 1 KiB over 4 connections, 64 in flight. */
export function loaded({ address }: Pick<Subject, 'address'>, sizes: Sizes, shape: Shape): Promise<Loaded> {
  const colon = address.lastIndexOf(':')
  return runLoad({
    kind: 'send',
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    topic: TOPIC,
    queues: QUEUES,
    connections: 4,
    inFlight: 64,
    bodySize: 1024,
    warmUpMs: sizes.warmUpMs,
    measureMs: sizes.measureMs,
    ...shape,
  })
}

/** Sends for so long; how many messages each queue has at least. */
export async function fill(subject: Subject, sizes: Sizes, measureMs: number): Promise<number> {
  const { messages } = await loaded(subject, sizes, { warmUpMs: 0, measureMs })
  return Math.max(32, Math.floor(messages / QUEUES) - 64)
}
