import { Admin } from '@rockhopper/client'
import { apache, type Contender, rockhopper } from './contenders.js'
import { startEcho } from './echo/echo-server.js'
import { type Loaded, runLoad } from './load/run-load.js'
import type { Recorder } from './recorder.js'
import { ECHO, printSends } from './send-table.js'

export const QUEUES = 4
/** Apache's broker is given what it needs under load, not the least it starts with. */
export const APACHE_HEAP_MB = 2_048
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
  /** For what runs on Node; a Java virtual machine gets `JAVA_WARM_UP` times as much. */
  readonly warmUpMs: number
  /** Only cells whose name has this in it, and modes of flushing whose name begins with that. */
  readonly only: string | undefined
  readonly flush: string | undefined
  readonly contenders: readonly Contender[]
}

export const SEND_FULL: SendBenchOptions = {
  rounds: 5,
  measureMs: 4_000,
  warmUpMs: 3_000,
  only: undefined,
  flush: undefined,
  contenders: [rockhopper, apache],
}

const JAVA_WARM_UP = 10 / 3

/**
 * Acknowledged sends per second, latency, and the CPU each message costs the broker's side. Both sides
 * alternate within each cell, the first one by turns, each on an empty store that is deleted behind it.
 * In ASYNC_FLUSH a bare echo of the same frames shows what sockets alone allow here.
 */
export async function benchSend(options: SendBenchOptions, recorder: Recorder): Promise<void> {
  const cells = CELLS.filter(({ name }) => name.includes(options.only ?? ''))
  const modes = ['ASYNC_FLUSH', 'SYNC_FLUSH'].filter((mode) => mode.startsWith(options.flush ?? ''))
  for (let round = 1; round <= options.rounds; round++) {
    for (const mode of modes) {
      for (const each of cells) await measureCell(recorder, mode, each, round, options)
    }
  }
  recorder.print('')
  for (const mode of modes) printSends(recorder, mode, cells, options.contenders)
}

async function measureCell(
  recorder: Recorder,
  flushDiskType: string,
  cell: Cell,
  round: number,
  options: SendBenchOptions,
): Promise<void> {
  const { contenders } = options
  const name = `${flushDiskType} ${cell.name}`
  for (const contender of round % 2 === 1 ? contenders : contenders.toReversed()) {
    keep(recorder, name, contender.name, round, await measure(contender, cell, flushDiskType, options))
  }
  if (flushDiskType !== 'ASYNC_FLUSH') return
  keep(recorder, name, ECHO, round, await loadEcho(cell, options))
}

export function keep(
  recorder: Recorder,
  cell: string,
  contender: string,
  round: number,
  loaded: Loaded,
): void {
  const { p50Us, p99Us, p999Us, errors, problem, cpuUs, seconds } = loaded
  const rate = rateOf(loaded)
  const generatorCores = cpuUs / seconds / 1e6
  const values = { rate, p50Us, p99Us, p999Us, cpuUs: perMessageUs(loaded), generatorCores, errors }
  recorder.add({ part: 'send', cell, contender, round, values })
  recorder.print(`round ${round}  ${contender.padEnd(22)} ${cell.padEnd(26)} ${brief(loaded)}`)
  if (errors > 0) recorder.print(`  ${errors} errors, the first: ${problem}`)
}

async function measure(
  contender: Contender,
  cell: Cell,
  flushDiskType: string,
  { warmUpMs, measureMs }: SendBenchOptions,
): Promise<Loaded> {
  const cluster = await contender.start({ config: { flushDiskType }, heapMb: APACHE_HEAP_MB })
  try {
    const times = { warmUpMs: contender === apache ? warmUpMs * JAVA_WARM_UP : warmUpMs, measureMs }
    return await load(await brokerWithTopic(cluster.nameserver), cell, times)
  } finally {
    await cluster.stop()
  }
}

async function loadEcho(
  { connections, inFlight, bodySize }: Cell,
  { warmUpMs, measureMs }: SendBenchOptions,
): Promise<Loaded> {
  const echo = await startEcho()
  try {
    const shape = { connections, inFlight, bodySize, warmUpMs: warmUpMs / 3, measureMs: measureMs / 2 }
    const at = { host: '127.0.0.1', port: echo.port, topic: TOPIC, queues: QUEUES }
    return await runLoad({ kind: 'echo', ...at, ...shape }, echo.pid)
  } finally {
    await echo.stop()
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

export const rateOf = ({ messages, seconds }: Loaded) => messages / seconds
