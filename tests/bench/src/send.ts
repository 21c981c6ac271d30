import { Admin } from '@rockhopper/client'
import { apache, type Contender, rockhopper } from './contenders.js'
import { type Loaded, runLoad } from './load/run-load.js'
import { type Spread, spread } from './statistics.js'

export const QUEUES = 4
/** Apache's broker is given what it needs under load, not the least it starts with. */
const APACHE_HEAP_MB = 2_048
export const TOPIC = 'LoadTest'

/** A named shape of load: connections, requests in flight in all, bytes of a body. */
export interface Cell {
  readonly name: string
  readonly connections: number
  readonly inFlight: number
  readonly bodySize: number
}

const cell = (connections: number, inFlight: number, bodySize: number): Cell => ({
  name: `c${connections} n${inFlight} b${bodySize}`,
  connections,
  inFlight,
  bodySize,
})

export const CELLS = [
  cell(1, 1, 1024),
  cell(4, 64, 100),
  cell(4, 64, 1024),
  cell(4, 64, 4096),
  cell(64, 64, 1024),
  cell(16, 256, 1024),
]

export interface SendBenchOptions {
  readonly rounds: number
  readonly measureMs: number
  /** Load before the measured part. A Java virtual machine needs some 10 s of it to compile what is hot. */
  readonly warmUpMs: number
  /** Only cells whose name has this in it. */
  readonly only: string | undefined
  readonly contenders: readonly Contender[]
}

export const SEND_FULL: SendBenchOptions = {
  rounds: 5,
  measureMs: 5_000,
  warmUpMs: 10_000,
  only: undefined,
  contenders: [rockhopper, apache],
}

/**
 * Acknowledged sends per second, latency, and the CPU each message costs the broker's side. Both sides
 * alternate within each round and cell, each on an empty store that is deleted behind it.
 */
export async function benchSend(options: SendBenchOptions, print: (line: string) => void): Promise<void> {
  for (const flushDiskType of ['ASYNC_FLUSH', 'SYNC_FLUSH']) {
    const cells = CELLS.filter(({ name }) => options.only === undefined || name.includes(options.only))
    const results = new Map<string, Loaded[]>()
    for (let round = 1; round <= options.rounds; round++) {
      for (const contender of options.contenders) {
        for (const each of cells) {
          const loaded = await measure(contender, each, flushDiskType, options)
          const key = `${contender.name} ${each.name}`
          results.set(key, [...(results.get(key) ?? []), loaded])
          const who = `${contender.name.padEnd(22)} ${each.name.padEnd(14)}`
          print(`${flushDiskType} round ${round}  ${who} ${brief(loaded)}`)
          if (loaded.errors > 0) print(`  ${loaded.errors} errors, the first: ${loaded.problem}`)
        }
      }
    }
    print('')
    printTable(flushDiskType, cells, options.contenders, results, print)
  }
}

async function measure(
  contender: Contender,
  cell: Cell,
  flushDiskType: string,
  times: Pick<SendBenchOptions, 'warmUpMs' | 'measureMs'>,
): Promise<Loaded> {
  const cluster = await contender.start({ config: { flushDiskType }, heapMb: APACHE_HEAP_MB })
  try {
    return await load(await brokerWithTopic(cluster.nameserver), cell, times)
  } finally {
    await cluster.stop()
  }
}

/** Loads a broker that has the topic. */
export function load(
  address: string,
  { connections, inFlight, bodySize }: Cell,
  { warmUpMs, measureMs }: Pick<SendBenchOptions, 'warmUpMs' | 'measureMs'>,
): Promise<Loaded> {
  const colon = address.lastIndexOf(':')
  return runLoad({
    kind: 'send',
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    topic: TOPIC,
    queues: QUEUES,
    connections,
    inFlight,
    bodySize,
    warmUpMs,
    measureMs,
  })
}

/** Makes the topic; resolves with the address of the broker that has it. */
export async function brokerWithTopic(namesrvAddr: string, queues = QUEUES): Promise<string> {
  const admin = new Admin({ namesrvAddr })
  await admin.start()
  try {
    const { brokerAddrTable } = await admin.clusterInfo()
    const address = [...brokerAddrTable.values()][0]?.brokerAddrs.get(0)
    if (address === undefined) throw new Error(`no broker is registered at ${namesrvAddr}`)
    await admin.createTopic(TOPIC, { queues })
    return address
  } finally {
    await admin.shutdown()
  }
}

export const perMessageUs = ({ serverCpuUs, messages }: Loaded) => serverCpuUs / Math.max(1, messages)

function brief(loaded: Loaded): string {
  const { messages, seconds, cpuUs, p50Us, p99Us, p999Us } = loaded
  const rate = (messages / seconds).toFixed(0).padStart(7)
  const own = ((cpuUs / seconds / 1e6) * 100).toFixed(0)
  const cpu = `broker ${perMessageUs(loaded).toFixed(2)} us CPU/msg, generator ${own} % of a core`
  return `${rate}/s  p50 ${p50Us} p99 ${p99Us} p99.9 ${p999Us} us  ${cpu}`
}

function printTable(
  flushDiskType: string,
  cells: readonly Cell[],
  contenders: readonly Contender[],
  results: ReadonlyMap<string, readonly Loaded[]>,
  print: (line: string) => void,
): void {
  const [first, second] = contenders
  if (first === undefined) return
  const names = contenders.map(({ name }) => `${name} msg/s`).join(' | ')
  print(`| ${flushDiskType}, median (min to max) | ${names} | ratio | p99 us | ratio | CPU us/msg | ratio |`)
  print(`|---|${contenders.map(() => '---|').join('')}---|---|---|---|---|`)
  for (const { name } of cells) {
    const of = (contender: Contender, value: (loaded: Loaded) => number) =>
      spread((results.get(`${contender.name} ${name}`) ?? []).map(value))
    const medians = (value: (loaded: Loaded) => number) => contenders.map((each) => of(each, value).median)
    const rates = medians(rateOf)
    const p99 = medians(({ p99Us }) => p99Us)
    const cpu = medians(perMessageUs)
    const row = [
      name,
      ...contenders.map((each) => shown(of(each, rateOf))),
      ratio(rates),
      both(p99, 0),
      ratio(p99),
      both(cpu, 2),
      ratio(cpu),
    ]
    print(`| ${row.join(' | ')} |`)
  }
  if (second !== undefined) print(`Ratios are ${first.name} / ${second.name}.`)
  print('')
}

export const rateOf = ({ messages, seconds }: Loaded) => messages / seconds

const ratio = ([ours = 0, theirs]: readonly number[]) =>
  theirs === undefined ? '' : (ours / theirs).toFixed(2)

const both = (values: readonly number[], digits: number) =>
  values.map((value) => value.toFixed(digits)).join(' / ')

const shown = ({ min, median, max }: Spread): string =>
  `${median.toFixed(0)} (${min.toFixed(0)} to ${max.toFixed(0)})`
