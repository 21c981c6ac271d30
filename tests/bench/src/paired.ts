import { twice } from './attempts.js'
import { brokerWithTopic } from './broker-topic.js'
import type { Cell, FlushMode } from './cells.js'
import { APACHE_HEAP_MB, apache, type Contender, type Started } from './contenders.js'
import type { Loaded } from './load/run-load.js'
import type { Recorder } from './recorder.js'
import { keep, load, perMessageUs, rateOf } from './send.js'
import { spread } from './statistics.js'

const PAIRS = 20
const WARM_UP_MS = 300
const JAVA_WARM_UP_MS = 8_000
const MEASURE_MS = 700

export interface PairedOptions {
  readonly contenders: readonly [Contender, Contender]
  readonly pairs: number | undefined
  readonly cells: readonly Cell[]
  readonly modes: readonly FlushMode[]
}

/**
 * Two builds, both running, loaded in turn for less than a second each: what else the machine does changes
 * more slowly than that and meets both sides of a pair. What is compared is the ratio within each pair.
 */
export async function benchPaired(options: PairedOptions, recorder: Recorder): Promise<void> {
  const { print } = recorder
  print('| mode, cell | msg/s | ratio of a pair: median (quartiles) | p99 us, ratio | CPU us/msg, ratio |')
  print('|---|---|---|---|---|')
  for (const flushDiskType of options.modes) {
    for (const cell of options.cells.filter(({ modes }) => modes.includes(flushDiskType))) {
      const name = `${flushDiskType} ${cell.name}`
      const pairs = await twice(name, print, () => measure(options, cell, flushDiskType))
      if (pairs === undefined) continue
      for (const [i, pair] of pairs.entries()) {
        for (const [side, loaded] of pair.entries()) {
          keep(recorder, name, options.contenders[side as 0 | 1].name, i + 1, loaded)
        }
      }
      const shown = [rateOf, ({ p99Us }: Loaded) => p99Us, perMessageUs].map((value) => {
        const sides = [0, 1].map((side) => spread(pairs.map((pair) => value(pair[side] as Loaded))).median)
        const digits = value === perMessageUs ? 2 : 0
        return `${sides.map((one) => one.toFixed(digits)).join(' / ')} | ${ratios(pairs, value)}`
      })
      print(`| ${name} | ${shown.join(' | ')} |`)
    }
  }
}

type Pair = readonly [Loaded, Loaded]

async function measure(
  { contenders, pairs = PAIRS }: PairedOptions,
  cell: Cell,
  flushDiskType: FlushMode,
): Promise<Pair[]> {
  const start = { config: { flushDiskType }, heapMb: APACHE_HEAP_MB }
  const clusters: Started[] = []
  try {
    for (const each of contenders) clusters.push(await each.start(start))
    const addresses: string[] = []
    for (const { nameserver } of clusters) addresses.push(await brokerWithTopic(nameserver))
    const measured: Pair[] = []
    const warmUpMs = contenders.includes(apache) ? JAVA_WARM_UP_MS : WARM_UP_MS
    for (const address of addresses) await load(address, cell, { warmUpMs, measureMs: WARM_UP_MS })
    // The sides change places each time.
    for (let i = 0; i < pairs; i++) {
      const both: Loaded[] = []
      for (const side of i % 2 === 0 ? [0, 1] : [1, 0]) {
        both[side] = await load(addresses[side] as string, cell, {
          warmUpMs: WARM_UP_MS,
          measureMs: MEASURE_MS,
        })
      }
      measured.push(both as unknown as Pair)
    }
    return measured
  } finally {
    for (const cluster of clusters) await cluster.stop()
  }
}

function ratios(pairs: readonly Pair[], value: (loaded: Loaded) => number): string {
  const sorted = pairs.map(([ours, other]) => value(ours) / value(other)).sort((a, b) => a - b)
  const at = (share: number) => (sorted[Math.round((sorted.length - 1) * share)] ?? 0).toFixed(2)
  return `${at(0.5)} (${at(0.25)} to ${at(0.75)})`
}
