import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokerWithTopic } from '../broker-topic.js'
import { QUEUES, TOPIC } from '../cells.js'
import { APACHE_HEAP_MB, apache, type Contender, JAVA_WARM_UP, type Started } from '../contenders.js'
import type { LoadTask } from '../load/load-task.js'
import { type Loaded, runLoad } from '../load/run-load.js'
import type { Recorder } from '../recorder.js'
import type { Sizes } from './sizes.js'

/** A broker under test. */
export interface Subject extends Started {
  readonly contender: string
  readonly address: string
  /** Where it writes when it ends how late its event loop was, for a row that watches it. */
  readonly loopDelayFile: string | undefined
  /** Messages that each queue of the topic has at least. The first call makes them. */
  backlog(): Promise<number>
}

export type Measure = (subject: Subject, sizes: Sizes) => Promise<Readonly<Record<string, number>>>

/** One line of the table: a name, what the broker is started with, and how it is measured. */
export interface BrokerRow {
  readonly name: string
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /** Only ours: it says something of our broker, or Apache's cannot be measured so. */
  readonly oursOnly?: boolean
  readonly watchesLoop?: boolean
  /** Rows with the same word that follow each other share a broker and its store; also `config`. */
  readonly together?: string
  /** Fewer than others, because it takes minutes. */
  readonly roundsMax?: number
  readonly measure: Measure
}

/** Measures rows that share a broker, one after the other; returns those that failed. */
export async function runRows(
  rows: readonly BrokerRow[],
  contender: Contender,
  sizes: Sizes,
  round: number,
  recorder: Recorder,
): Promise<readonly BrokerRow[]> {
  const failed: BrokerRow[] = []
  const fails = (row: BrokerRow, error: unknown): undefined => {
    recorder.print(`${place(round, contender, row)} FAILED: ${String(error)}`)
    failed.push(row)
    return undefined
  }
  const directory = mkdtempSync(join(tmpdir(), 'rockhopper-bench-row-'))
  const loopDelayFile = rows[0]?.watchesLoop === true ? join(directory, 'loop-delay.json') : undefined
  const config = rows[0]?.config ?? {}
  let started: Started | undefined
  try {
    started = await contender.start({ config, heapMb: APACHE_HEAP_MB, loopDelayFile })
    const subject = await subjectOf(started, contender.name, sizes, loopDelayFile)
    for (const row of rows) {
      const began = performance.now()
      const values = await row.measure(subject, sizes).catch((error: unknown) => fails(row, error))
      if (values === undefined) continue
      recorder.add({ part: 'broker', cell: row.name, contender: contender.name, round, values })
      const text = Object.entries(values).map(([name, value]) => `${name} ${shown(value)}`)
      const took = `(${((performance.now() - began) / 1_000).toFixed(0)} s)`
      recorder.print(`${place(round, contender, row)} ${text.join('  ')}  ${took}`)
    }
  } catch (error) {
    // The broker did not start: no row could be measured.
    for (const row of rows) fails(row, error)
  } finally {
    await started?.stop()
    rmSync(directory, { recursive: true, force: true })
  }
  return failed
}

const place = (round: number, contender: Contender, row: BrokerRow): string =>
  `round ${round}  ${contender.name.padEnd(22)} ${row.name.padEnd(44)}`

/** Makes the topic of a broker that was started just now. */
export async function subjectOf(
  started: Started,
  contender: string,
  sizes: Sizes,
  loopDelayFile?: string,
): Promise<Subject> {
  const address = await brokerWithTopic(started.nameserver)
  let filled: Promise<number> | undefined
  const subject: Subject = {
    ...started,
    contender,
    address,
    loopDelayFile,
    backlog() {
      filled ??= fill(subject, sizes, sizes.backlog).then(eachQueue)
      return filled
    },
  }
  return subject
}

/** The generator goes through the queues in turn; what was under way when it ended may be missing. */
const eachQueue = (messages: number): number => Math.max(32, Math.floor(messages / QUEUES) - 64)

export const shown = (value: number): string =>
  Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(2)

type Shape = Partial<Omit<LoadTask, 'host' | 'port'>>

/**
 * Loads a subject; unless said otherwise with messages of 1 KiB over 4 connections, 64 in flight. Of the
 * sizes' warm-up Apache's broker gets more: it is compiled while it runs.
 */
export function loaded(
  { address, contender }: Pick<Subject, 'address' | 'contender'>,
  sizes: Pick<Sizes, 'warmUpMs' | 'measureMs'>,
  shape: Shape,
): Promise<Loaded> {
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
    warmUpMs: sizes.warmUpMs * (contender === apache.name ? JAVA_WARM_UP : 1),
    measureMs: sizes.measureMs,
    ...shape,
  })
}

const FILL_TURN_MS = 1_000
const NOTHING_MS = 30_000

/** Sends until a subject has so many messages more; resolves with how many were acknowledged. */
export async function fill(
  subject: Pick<Subject, 'address' | 'contender'>,
  sizes: Sizes,
  count: number,
  shape: Shape = {},
): Promise<number> {
  let sent = 0
  let turnMs = FILL_TURN_MS
  while (sent < count) {
    const { messages } = await loaded(subject, sizes, { warmUpMs: 0, measureMs: turnMs, ...shape })
    if (messages === 0 && turnMs > NOTHING_MS) throw new Error(`no message was taken in ${turnMs} ms`)
    sent += messages
    // What is left, but at most twice the turn before: a broker that is just started gets faster.
    turnMs = Math.min(turnMs * 2, Math.max(200, ((count - sent) / Math.max(1, messages)) * turnMs))
  }
  return sent
}
