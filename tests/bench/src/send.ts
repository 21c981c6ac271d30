import { twice } from './attempts.js'
import { brokerWithTopic } from './broker-topic.js'
import { type Cell, type FlushMode, QUEUES, TOPIC } from './cells.js'
import { APACHE_HEAP_MB, apache, type Contender, JAVA_WARM_UP } from './contenders.js'
import { startEcho } from './echo/echo-server.js'
import { type Loaded, runLoad } from './load/run-load.js'
import type { Recorder } from './recorder.js'
import { ECHO, printSends } from './send-table.js'

export interface SendBenchOptions {
  readonly cells: readonly Cell[]
  readonly modes: readonly FlushMode[]
  readonly contenders: readonly Contender[]
  readonly rounds: number
  readonly measureMs: number
  /** For what runs on Node; a Java virtual machine gets `JAVA_WARM_UP` times as much. */
  readonly warmUpMs: number
}

/**
 * Node accepts one connection in a turn of its loop, and turns are long under load: until all are there the
 * tail of the latency is that of connecting.
 */
export const acceptMs = (connections: number): number => connections * 12

/**
 * Acknowledged sends per second, latency, and the CPU each message costs the broker's side. Both sides
 * alternate within each cell, the first one by turns, each on an empty store that is deleted behind it.
 * In ASYNC_FLUSH a bare echo of the same frames shows what sockets alone allow here.
 */
export async function benchSend(options: SendBenchOptions, recorder: Recorder): Promise<void> {
  const { rounds, modes, cells } = options
  for (let round = 1; round <= rounds; round++) {
    for (const mode of modes) {
      for (const cell of cells) {
        if (cell.modes.includes(mode)) await measureCell(recorder, mode, cell, round, options)
      }
    }
  }
  recorder.print('')
  for (const mode of modes) {
    const measured = cells.filter((cell) => cell.modes.includes(mode))
    if (measured.length > 0) printSends(recorder, mode, measured, options.contenders)
  }
}

async function measureCell(
  recorder: Recorder,
  flushDiskType: FlushMode,
  cell: Cell,
  round: number,
  options: SendBenchOptions,
): Promise<void> {
  const { contenders } = options
  const name = `${flushDiskType} ${cell.name}`
  const kept = async (contender: string, measured: () => Promise<Loaded>): Promise<void> => {
    const loaded = await twice(`round ${round}  ${contender}  ${name}`, recorder.print, measured)
    if (loaded !== undefined) keep(recorder, name, contender, round, loaded)
  }
  for (const contender of round % 2 === 1 ? contenders : contenders.toReversed()) {
    await kept(contender.name, () => measure(contender, cell, flushDiskType, options))
  }
  if (flushDiskType === 'ASYNC_FLUSH') await kept(ECHO, () => loadEcho(cell, options))
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
  recorder.print(`round ${round}  ${contender.padEnd(22)} ${cell.padEnd(27)} ${brief(loaded)}`)
  if (errors > 0) recorder.print(`  ${errors} errors, the first: ${problem}`)
}

async function measure(
  contender: Contender,
  cell: Cell,
  flushDiskType: FlushMode,
  options: SendBenchOptions,
): Promise<Loaded> {
  const { measureMs } = options
  const warmUpMs = Math.max(options.warmUpMs, acceptMs(cell.connections))
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

type Counted = Pick<Loaded, 'serverCpuUs' | 'messages' | 'seconds'>

export const perMessageUs = ({ serverCpuUs, messages }: Omit<Counted, 'seconds'>) =>
  serverCpuUs / Math.max(1, messages)

function brief(loaded: Loaded): string {
  const { messages, seconds, cpuUs, p50Us, p99Us, p999Us } = loaded
  const rate = (messages / seconds).toFixed(0).padStart(7)
  const own = ((cpuUs / seconds / 1e6) * 100).toFixed(0)
  const cpu = `broker ${perMessageUs(loaded).toFixed(2)} us CPU/msg, generator ${own} % of a core`
  return `${rate}/s  p50 ${p50Us} p99 ${p99Us} p99.9 ${p999Us} us  ${cpu}`
}

export const rateOf = ({ messages, seconds }: Omit<Counted, 'serverCpuUs'>) => messages / seconds
