import { fileURLToPath } from 'node:url'
import { twice } from '../attempts.js'
import { brokerWithTopic } from '../broker-topic.js'
import { CELLS, type Cell, FLUSH_MODES, type FlushMode } from '../cells.js'
import { JAVA_WARM_UP, rockhopper } from '../contenders.js'
import type { Measured } from '../load/load-task.js'
import { runGenerator, type WithServer } from '../load/run-load.js'
import type { Recorder } from '../recorder.js'
import { load, perMessageUs, rateOf } from '../send.js'
import type { Spread } from '../statistics.js'
import type { Peer } from './peer.js'
import type { PeerTask } from './peer-task.js'
import { PEERS } from './peers.js'

const NAMES = ['c1 n1 b1024', 'c4 n64 b1024', 'c64 n64 b1024']

export interface PeersOptions {
  readonly rounds: number
  readonly warmUpMs: number
  readonly measureMs: number
}

export const PEERS_FULL: PeersOptions = { rounds: 3, warmUpMs: 3_000, measureMs: 3_000 }
export const PEERS_QUICK: PeersOptions = { rounds: 1, warmUpMs: 500, measureMs: 1_000 }

/** Ours and each peer by turns, only where both promise the same; what is not installed is named. */
export async function benchPeers(options: PeersOptions, recorder: Recorder): Promise<void> {
  const cells = CELLS.filter(({ name }) => NAMES.includes(name))
  const missing = new Map(PEERS.map((peer) => [peer, peer.missing()]))
  const there = PEERS.filter((peer) => missing.get(peer) === undefined)
  for (const hint of new Set(missing.values())) if (hint !== undefined) recorder.print(`missing: ${hint}`)
  for (let round = 1; round <= options.rounds; round++) {
    for (const durability of FLUSH_MODES) {
      for (const cell of cells) {
        const sides: Side[] = [
          { name: rockhopper.name, measure: () => ours(durability, cell, options) },
          ...there
            .filter((one) => one.durability === durability)
            .map((peer) => ({ name: peer.name, measure: () => theirs(peer, cell, options) })),
        ]
        // Who comes first changes by the round.
        for (const [i] of sides.entries()) {
          const side = sides[(i + round - 1) % sides.length] as Side
          await keep(recorder, `${durability} ${cell.name}`, side, round)
        }
      }
    }
  }
  printPeers(recorder, cells, there)
}

type Loaded = WithServer<Measured>

interface Side {
  readonly name: string
  readonly measure: () => Promise<Loaded>
}

async function keep(recorder: Recorder, cell: string, side: Side, round: number): Promise<void> {
  const { name: contender, measure } = side
  const place = `round ${round}  ${contender.padEnd(36)} ${cell}`
  const loaded = await twice(place, recorder.print, measure)
  if (loaded === undefined) return
  const { p50Us, p99Us, p999Us, cpuUs, seconds } = loaded
  const generatorCores = cpuUs / seconds / 1e6
  const values = { rate: rateOf(loaded), p50Us, p99Us, p999Us, cpuUs: perMessageUs(loaded), generatorCores }
  recorder.add({ part: 'peers', cell, contender, round, values })
  const rate = values.rate.toFixed(0).padStart(7)
  const cpu = `CPU ${values.cpuUs.toFixed(1)} us/msg, generator ${generatorCores.toFixed(2)} cores`
  recorder.print(`${place}  ${rate}/s  p99 ${p99Us} us  ${cpu}`)
}

async function ours(durability: FlushMode, cell: Cell, times: PeersOptions): Promise<Loaded> {
  const cluster = await rockhopper.start({ config: { flushDiskType: durability } })
  try {
    return await load(await brokerWithTopic(cluster.nameserver), cell, times)
  } finally {
    await cluster.stop()
  }
}

async function theirs(peer: Peer, cell: Cell, { warmUpMs, measureMs }: PeersOptions): Promise<Loaded> {
  const started = await peer.start()
  try {
    const { connections, inFlight, bodySize } = cell
    const times = { warmUpMs: warmUpMs * (peer.wire === 'kafka' ? JAVA_WARM_UP : 1), measureMs }
    const shape = { connections, inFlight, bodySize, ...times }
    const task: PeerTask = { wire: peer.wire, port: started.port, ...shape }
    return await runGenerator<Measured>([process.execPath, PROGRAM, JSON.stringify(task)])
  } finally {
    await started.stop()
  }
}

const PROGRAM = fileURLToPath(new URL('../../dist/peers/peer-process.js', import.meta.url))

function printPeers(recorder: Recorder, cells: readonly Cell[], there: readonly Peer[]): void {
  recorder.print('')
  recorder.print(
    '| durability, cell | contender | msg/s: median (min to max) | ours is | p99 us | CPU us/msg |',
  )
  recorder.print('|---|---|---|---|---|---|')
  for (const durability of FLUSH_MODES) {
    const peers = there.filter((one) => one.durability === durability)
    for (const { name } of cells) {
      const cell = `${durability} ${name}`
      const of = (contender: string, value: string) => recorder.spread('peers', cell, contender, value)
      const own = of(rockhopper.name, 'rate')?.median ?? 0
      for (const contender of [rockhopper.name, ...peers.map((peer) => peer.name)]) {
        const rate = of(contender, 'rate')
        const times = contender === rockhopper.name ? '' : `${(own / (rate?.median ?? 1)).toFixed(2)} x`
        const p99 = of(contender, 'p99Us')?.median.toFixed(0)
        const cpu = of(contender, 'cpuUs')?.median.toFixed(2)
        recorder.print(`| ${cell} | ${contender} | ${shown(rate)} | ${times} | ${p99} | ${cpu} |`)
      }
    }
  }
  recorder.print('')
}

const shown = (values: Spread | undefined): string =>
  values === undefined
    ? ''
    : `${values.median.toFixed(0)} (${values.min.toFixed(0)} to ${values.max.toFixed(0)})`
