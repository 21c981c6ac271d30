import { apache, rockhopper } from '../contenders.js'
import type { Recorder } from '../recorder.js'

/** A ratio to Apache's broker in the same run, and what it must be. */
export interface Target {
  readonly measure: string
  readonly part: string
  readonly cell: string
  readonly value: string
  readonly must: number
  readonly stretch: number
  /** Of rates; else less is better. */
  readonly higher: boolean
}

const rate = (mode: string, cell: string, must: number, stretch: number): Target => ({
  measure: `send ${mode}, ${cell}: rate`,
  part: 'send',
  cell: `${mode}_FLUSH ${cell}`,
  value: 'rate',
  must,
  stretch,
  higher: true,
})

const lower = (
  mode: string,
  cell: string,
  value: string,
  what: string,
  must: number,
  stretch: number,
): Target => ({
  measure: `send ${mode}, ${cell}: ${what}`,
  part: 'send',
  cell: `${mode}_FLUSH ${cell}`,
  value,
  must,
  stretch,
  higher: false,
})

const BUSY_CELLS = ['c4 n64 b100', 'c4 n64 b1024', 'c4 n64 b4096', 'c64 n64 b1024', 'c16 n256 b1024']

export const TARGETS: readonly Target[] = [
  rate('ASYNC', 'c1 n1 b1024', 2, 3),
  rate('ASYNC', 'c4 n64 b100', 5, 8),
  rate('ASYNC', 'c4 n64 b1024', 3, 5),
  rate('ASYNC', 'c4 n64 b4096', 2, 3),
  rate('ASYNC', 'c64 n64 b1024', 1.8, 2.1),
  rate('ASYNC', 'c16 n256 b1024', 2.8, 5),
  rate('SYNC', 'c1 n1 b1024', 1.2, 2),
  rate('SYNC', 'c4 n64 b1024', 2.2, 4.5),
  rate('SYNC', 'c16 n256 b1024', 3.5, 5.5),
  lower('ASYNC', 'c1 n1 b1024', 'p99Us', 'p99', 0.5, 0.4),
  lower('SYNC', 'c1 n1 b1024', 'p99Us', 'p99', 0.8, 0.4),
  ...BUSY_CELLS.map((cell) => lower('ASYNC', cell, 'p99Us', 'p99', 0.25, 0.1)),
  ...BUSY_CELLS.map((cell) => lower('SYNC', cell, 'p99Us', 'p99', 0.4, 0.2)),
  ...BUSY_CELLS.map((cell) => lower('ASYNC', cell, 'cpuUs', 'CPU per message', 0.333, 0.2)),
  {
    measure: 'pull from page cache: rate',
    part: 'broker',
    cell: 'pull, backlog in page cache',
    value: 'rate',
    must: 1.3,
    stretch: 2,
    higher: true,
  },
  {
    measure: 'pull from page cache: CPU per answer',
    part: 'broker',
    cell: 'pull, backlog in page cache',
    value: 'cpuUsAnswer',
    must: 0.6,
    stretch: 0.35,
    higher: false,
  },
  {
    measure: 'memory, idle, name server and broker',
    part: 'broker',
    cell: 'memory: idle, loaded, after',
    value: 'idleMib',
    must: 0.12,
    stretch: 0.08,
    higher: false,
  },
]

export interface Reached {
  readonly ratio: number
  readonly grade: 'stretch' | 'must' | 'falls short'
}

/** Undefined when one side was not measured. */
export function reached(target: Target, recorder: Recorder): Reached | undefined {
  const { part, cell, value, must, stretch, higher } = target
  const ours = recorder.spread(part, cell, rockhopper.name, value)
  const theirs = recorder.spread(part, cell, apache.name, value)
  if (ours === undefined || theirs === undefined || theirs.median === 0) return undefined
  const ratio = ours.median / theirs.median
  const meets = (limit: number) => (higher ? ratio >= limit : ratio <= limit)
  return { ratio, grade: meets(stretch) ? 'stretch' : meets(must) ? 'must' : 'falls short' }
}
