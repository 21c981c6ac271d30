import { fileURLToPath } from 'node:url'
import { rockhopper } from '../contenders.js'
import { type Loaded, runGenerator } from '../load/run-load.js'
import type { Recorder } from '../recorder.js'
import { brokerWithTopic, CELLS, type Cell, load, perMessageUs, rateOf } from '../send.js'
import type { Spread } from '../statistics.js'
import type { Durability, Peer } from './peer.js'
import type { PeerTask } from './peer-task.js'
import { PEERS } from './peers.js'

const NAMES = ['c1 n1 b1024', 'c4 n64 b1024', 'c64 n64 b1024']
const DURABILITIES = ['ASYNC_FLUSH', 'SYNC_FLUSH'] as const

export interface PeersOptions {
  readonly rounds: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Ours and each peer by turns, only where both promise the same; what is not installed is named. */
export async function benchPeers(options: PeersOptions, recorder: Recorder): Promise<void> {
  const cells = CELLS.filter(({ name }) => NAMES.includes(name))
  const missing = new Map(PEERS.map((peer) => [peer, peer.missing()]))
  const there = PEERS.filter((peer) => missing.get(peer) === undefined)
  for (const hint of new Set(missing.values())) if (hint !== undefined) recorder.print(`missing: ${hint}`)
  for (let round = 1; round <= options.rounds; round++) {
    for (const durability of DURABILITIES) {
      for (const cell of cells) {
        await keep(recorder, durability, cell, rockhopper.name, round, () => ours(durability, cell, options))
        for (const peer of there.filter((one) => one.durability === durability))
          await keep(recorder, durability, cell, peer.name, round, () => theirs(peer, cell, options))
      }
    }
  }
  printPeers(recorder, cells, there)
}

async function keep(
  recorder: Recorder,
  durability: Durability,
  cell: Cell,
  contender: string,
  round: number,
  measure: () => Promise<Loaded>,
): Promise<void> {
  const loaded = await measure()
  const { p50Us, p99Us, p999Us, cpuUs, seconds } = loaded
  const generatorCores = cpuUs / seconds / 1e6
  const values = { rate: rateOf(loaded), p50Us, p99Us, p999Us, cpuUs: perMessageUs(loaded), generatorCores }
  const name = `${durability} ${cell.name}`
  recorder.add({ part: 'peers', cell: name, contender, round, values })
  const rate = values.rate.toFixed(0).padStart(7)
  const cpu = `CPU ${values.cpuUs.toFixed(1)} us/msg, generator ${generatorCores.toFixed(2)} cores`
  recorder.print(`round ${round}  ${contender.padEnd(36)} ${name}  ${rate}/s  p99 ${p99Us} us  ${cpu}`)
}

async function ours(durability: Durability, cell: Cell, times: PeersOptions): Promise<Loaded> {
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
    const shape = { connections, inFlight, bodySize, warmUpMs, measureMs }
    const task: PeerTask = { wire: peer.wire, port: started.port, ...shape }
    return await runGenerator(PROGRAM, task)
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
  for (const durability of DURABILITIES) {
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
