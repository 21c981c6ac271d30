import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { LogRun } from './log-run.fixture.js'

export interface Written {
  readonly time: number
  readonly message: string
}

const SPAN_MS = 60_000
const SHUFFLED_MS = 30_000
const VERY_LATE_MS = 120_000
/** Several messages each, so that a collector can die between them. */
const BATCH_LINES = 2_500
const POST_TIMEOUT_MS = 10_000
const RETRY_MS = 100
const ROUNDS_MAX = 20
const ROUND_MS = 3_000
/** Two messages over HTTP, and one from the file. */
const EXTRA_LINES = 3_000
const AT = Date.parse('2026-11-20T23:59:00Z')

/**
 * Lines of a minute around midnight, shuffled by up to half a minute, one in a hundred two minutes late. What
 * it wrote is what the pipeline has to have in the end.
 */
export function linesOf(count: number): Written[] {
  const place = (n: number) => (n * SPAN_MS) / count
  return Array.from({ length: count }, (_, n) => n)
    .map((n) => ({ n, order: place(n) + ((n * 7_919) % 1_000) * (SHUFFLED_MS / 1_000) }))
    .sort((a, b) => a.order - b.order)
    .map(({ n }) => {
      const late = n % 100 === 99 ? VERY_LATE_MS : 0
      return { time: Math.trunc(AT + place(n) - late), message: `line ${n}` }
    })
}

/** Half of the lines over HTTP, each batch until it is taken; the other half into the file. */
export async function load(
  run: LogRun,
  lines: readonly Written[],
  between: () => Promise<void> = () => Promise.resolve(),
  name = 'load',
): Promise<void> {
  for (let from = 0; from < lines.length; from += 2 * BATCH_LINES) {
    const batch = lines.slice(from, from + BATCH_LINES)
    appendFileSync(run.file, ndjson(lines.slice(from + BATCH_LINES, from + 2 * BATCH_LINES)))
    while (!(await post(run, `${name}-${from}`, ndjson(batch)))) {
      run.processes.check()
      await delay(RETRY_MS)
    }
    await between()
  }
}

/** On until the last fault has fired: one that did not fire has shown nothing. Returns what it wrote. */
export async function loadUntilDisarmed(run: LogRun): Promise<Written[]> {
  const written: Written[] = []
  for (let round = 0; run.processes.armed > 0 && round < ROUNDS_MAX; round++) {
    const more = Array.from({ length: EXTRA_LINES }, (_, n) => ({
      time: AT + SPAN_MS,
      message: `more ${round} ${n}`,
    }))
    await load(run, more, undefined, `more-${round}`)
    written.push(...more)
    await delay(ROUND_MS)
  }
  return written
}

async function post(run: LogRun, batchId: string, body: string): Promise<boolean> {
  const headers = { 'x-batch-id': batchId, 'x-source': 'load' }
  const signal = AbortSignal.timeout(POST_TIMEOUT_MS)
  try {
    const { status } = await fetch(`${run.url('collector')}/logs`, { method: 'POST', headers, body, signal })
    return status === 202
  } catch (error) {
    // It died, before or behind the acknowledgement: the same batch again tells.
    process.stderr.write(`the collector is away: ${String(error)}\n`)
    return false
  }
}

const ndjson = (lines: readonly Written[]): string =>
  lines
    .map(
      (line, n) => `${JSON.stringify({ ...line, level: n % 9 === 0 ? 'error' : 'info', service: 'load' })}\n`,
    )
    .join('')
