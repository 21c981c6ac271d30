import { clientCell } from '../clients/client-cells.js'
import { JAVA } from '../clients/client-programs.js'
import { apache, rockhopper } from '../contenders.js'
import { PEERS } from '../peers/peers.js'
import type { Recorder } from '../recorder.js'
import { topicsCell } from '../rows/growth.js'
import { FULL } from '../rows/sizes.js'
import { ECHO } from '../send-table.js'

/** What a measurement must be. */
export interface Target {
  readonly measure: string
  /** Undefined when it was not measured. */
  readonly value: (recorder: Recorder) => number | undefined
  readonly must: number
  readonly stretch?: number
  /** Of rates; else less is better. */
  readonly higher: boolean
  /** A ratio to Apache's side of the same run. */
  readonly ofApache: boolean
}

/** Where a value of ours stands, and by what it is divided: the same of Apache's if nothing is said. */
interface Ratio {
  readonly part: string
  readonly cell: string
  readonly value: string
  readonly byCell?: string
  readonly by?: string
}

type Limits = Pick<Target, 'must' | 'stretch' | 'higher'>

const atLeast = (must: number, stretch?: number): Limits => limits(must, stretch, true)
const atMost = (must: number, stretch?: number): Limits => limits(must, stretch, false)
const limits = (must: number, stretch: number | undefined, higher: boolean): Limits =>
  stretch === undefined ? { must, higher } : { must, stretch, higher }

function ratio(measure: string, where: Ratio, limit: Limits): Target {
  const { part, cell, value, byCell = cell, by = apache.name } = where
  return {
    measure,
    ...limit,
    ofApache: by === apache.name,
    value(recorder) {
      const ours = recorder.spread(part, cell, rockhopper.name, value)
      const theirs = recorder.spread(part, byCell, by, value)
      return ours === undefined || theirs === undefined || theirs.median === 0
        ? undefined
        : ours.median / theirs.median
    },
  }
}

const absolute = (
  measure: string,
  [part, cell, value]: readonly [string, string, string],
  limit: Limits,
): Target => ({
  measure,
  ...limit,
  ofApache: false,
  value: (recorder) => recorder.spread(part, cell, rockhopper.name, value)?.median,
})

const send = (mode: string, cell: string, value: string, limit: Limits): Target =>
  ratio(
    `send ${mode}, ${cell}: ${WORDS[value]}`,
    { part: 'send', cell: `${mode}_FLUSH ${cell}`, value },
    limit,
  )

const WORDS: Readonly<Record<string, string>> = { rate: 'rate', p99Us: 'p99', cpuUs: 'CPU per message' }
const BUSY_CELLS = ['c4 n64 b100', 'c4 n64 b1024', 'c4 n64 b4096', 'c64 n64 b1024', 'c16 n256 b1024']

const SENDS: readonly Target[] = [
  send('ASYNC', 'c1 n1 b1024', 'rate', atLeast(2, 3)),
  send('ASYNC', 'c4 n64 b100', 'rate', atLeast(5, 8)),
  send('ASYNC', 'c4 n64 b1024', 'rate', atLeast(3, 5)),
  send('ASYNC', 'c4 n64 b4096', 'rate', atLeast(2, 3)),
  send('ASYNC', 'c64 n64 b1024', 'rate', atLeast(1.8, 2.1)),
  send('ASYNC', 'c16 n256 b1024', 'rate', atLeast(2.8, 5)),
  send('SYNC', 'c1 n1 b1024', 'rate', atLeast(1.2, 2)),
  send('SYNC', 'c4 n64 b1024', 'rate', atLeast(2.2, 4.5)),
  send('SYNC', 'c16 n256 b1024', 'rate', atLeast(3.5, 5.5)),
  ...BUSY_CELLS.map((cell) =>
    ratio(
      `send ${cell}: SYNC rate / own ASYNC rate`,
      {
        part: 'send',
        cell: `SYNC_FLUSH ${cell}`,
        byCell: `ASYNC_FLUSH ${cell}`,
        by: rockhopper.name,
        value: 'rate',
      },
      atLeast(0.6, 0.9),
    ),
  ),
  ratio(
    'send ASYNC, c64 n64 b1024: rate / bare echo',
    { part: 'send', cell: 'ASYNC_FLUSH c64 n64 b1024', by: ECHO, value: 'rate' },
    atLeast(0.6),
  ),
  send('ASYNC', 'c1 n1 b1024', 'p99Us', atMost(0.5, 0.4)),
  send('SYNC', 'c1 n1 b1024', 'p99Us', atMost(0.8, 0.4)),
  ...BUSY_CELLS.map((cell) => send('ASYNC', cell, 'p99Us', atMost(0.25, 0.1))),
  ...BUSY_CELLS.map((cell) => send('SYNC', cell, 'p99Us', atMost(0.4, 0.2))),
  ...BUSY_CELLS.map((cell) => send('ASYNC', cell, 'cpuUs', atMost(0.333, 0.2))),
  {
    measure: 'errors of ours under all sends',
    ...atMost(0, 0),
    ofApache: false,
    value(recorder) {
      const ours = recorder.rows.filter(
        ({ part, contender }) => part === 'send' && contender === rockhopper.name,
      )
      return ours.length === 0
        ? undefined
        : ours.reduce((sum, { values }) => sum + (values['errors'] ?? 0), 0)
    },
  },
]

const PAGE_CACHE = { part: 'broker', cell: 'pull, backlog in page cache' }
const MEMORY = { part: 'broker', cell: 'memory: idle, loaded, after' }
const START = { part: 'startup', cell: 'start, then idle' }
const OVERLOAD = 'overload: twice the sustained rate'

const BROKER: readonly Target[] = [
  ratio('pull from page cache: rate', { ...PAGE_CACHE, value: 'rate' }, atLeast(1.3, 2)),
  ratio('pull from page cache: CPU per answer', { ...PAGE_CACHE, value: 'cpuUsAnswer' }, atMost(0.6, 0.35)),
  ratio(
    `${JAVA}, 64 threads: rate`,
    { part: 'clients', cell: clientCell(JAVA, 'sends, 64 in flight'), value: 'rate' },
    atLeast(1.4, 1.8),
  ),
  ratio(
    `${JAVA}, consumer with a backlog: rate`,
    { part: 'clients', cell: clientCell(JAVA, 'drains a backlog'), value: 'rate' },
    atLeast(1.1, 1.3),
  ),
  ratio('memory, idle, name server and broker', { ...MEMORY, value: 'idleMib' }, atMost(0.12, 0.08)),
  ratio('anonymous memory after 1 M x 1 KiB', { ...MEMORY, value: 'anonymousMib' }, atMost(0.08, 0.06)),
  ratio('start to first send', { ...START, value: 'firstSendMs' }, atMost(0.05, 0.025)),
  absolute('start to first send, ms', [START.part, START.cell, 'firstSendMs'], atMost(300, 120)),
  absolute(
    `CPU per message, ${FULL.topics.at(-1)} topics / 1 topic`,
    ['broker', topicsCell(FULL.topics), 'growth'],
    atMost(1.15),
  ),
  absolute(
    `CPU per message, ${FULL.grownGb} GB stored / empty store`,
    ['broker', 'store that has grown', 'growth'],
    atMost(1.15),
  ),
  absolute('overload: goodput / peak', ['broker', OVERLOAD, 'goodput'], atLeast(0.8)),
  absolute('overload: p99 of busy answers, ms', ['broker', OVERLOAD, 'busyP99Ms'], atMost(200)),
  absolute('overload: rate 5 s later / peak', ['broker', OVERLOAD, 'recovered'], atLeast(0.9)),
]

const CELLS_OF_PEERS = ['c1 n1 b1024', 'c4 n64 b1024', 'c64 n64 b1024']

const AHEAD_OF: readonly Target[] = PEERS.filter(({ name }) => /^(NATS|Redis)/.test(name)).flatMap(
  ({ name, durability }) =>
    CELLS_OF_PEERS.map((cell) => {
      const where = { part: 'peers', cell: `${durability} ${cell}`, by: name, value: 'rate' }
      return ratio(`${durability} ${cell}: rate / ${name}`, where, atLeast(1))
    }),
)

export const TARGETS: readonly Target[] = [...SENDS, ...BROKER, ...AHEAD_OF]

export interface Reached {
  readonly value: number
  readonly grade: 'stretch' | 'must' | 'falls short'
}

/** Undefined when it was not measured, or one side of it was not. */
export function reached(
  { value: read, must, stretch, higher }: Target,
  recorder: Recorder,
): Reached | undefined {
  const value = read(recorder)
  if (value === undefined) return undefined
  const meets = (limit: number) => (higher ? value >= limit : value <= limit)
  if (!meets(must)) return { value, grade: 'falls short' }
  return { value, grade: stretch !== undefined && meets(stretch) ? 'stretch' : 'must' }
}
