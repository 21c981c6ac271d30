import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { QUEUES, TOPIC } from '../cells.js'
import { startEcho } from '../echo/echo-server.js'
import { type Loaded, runLoad } from '../load/run-load.js'
import { descendantsAnonymous, descendantsPeakRss, descendantsRss } from '../processes.js'
import { acceptMs, perMessageUs, rateOf } from '../send.js'
import { type BrokerRow, fill, loaded, type Subject } from './row.js'
import type { Sizes } from './sizes.js'

const MIB = 1024 * 1024
const SETTLE_MS = 2_000
const RECOVERY_MS = 5_000
const MANY = 'Many'
const GROWING_BODY = 16_384
const CREATE_MS_MAX = 200_000
const rssMib = (): number => descendantsRss() / MIB
const settle = (): Promise<void> => sleep(SETTLE_MS)

/** Opens connections and holds them; what the broker's memory grows by. */
async function connections(subject: Subject, sizes: Sizes) {
  await settle()
  const before = rssMib()
  const sockets: Socket[] = []
  const [host, port] = subject.address.split(':')
  try {
    for (let i = 0; i < sizes.connections; i++) {
      const socket = connect({ host: host ?? '', port: Number(port) })
      await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
      sockets.push(socket)
    }
    await settle()
    const held = rssMib()
    return {
      connections: sockets.length,
      idleMib: before,
      heldMib: held,
      kibEach: ((held - before) * 1024) / sockets.length,
    }
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

async function memory(subject: Subject, sizes: Sizes) {
  await settle()
  const idleMib = rssMib()
  // The generator is a child as well: its memory is not counted because it has ended by then.
  const messages = await fill(subject, sizes, sizes.stored)
  const loadedMib = rssMib()
  await settle()
  const anonymousMib = descendantsAnonymous() / MIB
  return { idleMib, loadedMib, afterMib: rssMib(), anonymousMib, messages }
}

/** CPU of a message and memory of an empty store, of one half full, and of a full one. */
async function grown(subject: Subject, sizes: Sizes) {
  const halfGb = sizes.grownGb / 2
  const steady = (): Promise<Loaded> => loaded(subject, sizes, { warmUpMs: sizes.steadyMs })
  const half = (): Promise<number> =>
    fill(subject, sizes, (halfGb * 1e9) / GROWING_BODY, { bodySize: GROWING_BODY })
  const measured: { readonly cpuUs: number; readonly mib: number }[] = []
  for (const grow of [undefined, half, half]) {
    await grow?.()
    await settle()
    measured.push({ mib: rssMib(), cpuUs: perMessageUs(await steady()) })
  }
  const [empty, middle, full] = measured
  if (empty === undefined || middle === undefined || full === undefined) throw new Error('not grown')
  return {
    storedGb: sizes.grownGb,
    cpuUsEmpty: empty.cpuUs,
    cpuUsHalf: middle.cpuUs,
    cpuUsFull: full.cpuUs,
    growth: full.cpuUs / empty.cpuUs,
    emptyMib: empty.mib,
    halfMib: middle.mib,
    fullMib: full.mib,
  }
}

export const topicsCell = (counts: readonly number[]): string => `sends to ${counts.join(', ')} topics`

/** Sends to each queue of each topic once at least: the broker makes them, as with a user's first sends. */
async function createBySending(subject: Subject, sizes: Sizes, topics: number): Promise<void> {
  for (let turnMs = 1_000; turnMs < CREATE_MS_MAX; turnMs *= 2) {
    const shape = { topic: MANY, topics, warmUpMs: 0, measureMs: turnMs }
    const { messages } = await loaded(subject, sizes, shape)
    if (messages >= topics * QUEUES) return
  }
  throw new Error(`${topics} topics were not made in ${CREATE_MS_MAX} ms`)
}

/** One broker, more and more topics; the first number of topics again, to tell topics from age. */
const overTopics = (counts: readonly number[]): BrokerRow => ({
  name: topicsCell(counts),
  oursOnly: true,
  roundsMax: 1,
  async measure(subject, sizes) {
    const values: Record<string, number> = {}
    const cpu: number[] = []
    for (const [turn, topics] of [...counts, ...counts.slice(0, 1)].entries()) {
      const shape = { topic: topics === 1 ? TOPIC : MANY, topics }
      if (topics > 1) await createBySending(subject, sizes, topics)
      const result = await loaded(subject, sizes, { ...shape, warmUpMs: sizes.steadyMs })
      const name = turn < counts.length ? `${topics}` : `${topics}Again`
      values[`rate${name}`] = rateOf(result)
      values[`cpuUs${name}`] = perMessageUs(result)
      values['errors'] = (values['errors'] ?? 0) + result.errors
      cpu.push(perMessageUs(result))
    }
    const [first = 1, ...more] = cpu
    return { ...values, growth: (more.at(-2) ?? first) / first, age: (more.at(-1) ?? first) / first }
  },
})

const sendValues = (result: Loaded) => ({
  rate: rateOf(result),
  p50Us: result.p50Us,
  p99Us: result.p99Us,
  p999Us: result.p999Us,
  cpuUs: perMessageUs(result),
  errors: result.errors,
})

const overConnections = (count: number): BrokerRow => ({
  name: `sends over ${count} connections`,
  oursOnly: true,
  async measure(subject, sizes) {
    const shape = { connections: count, inFlight: count }
    const warmUpMs = Math.max(sizes.warmUpMs, acceptMs(count))
    const send = await loaded(subject, sizes, { ...shape, warmUpMs })
    const echo = await startEcho()
    try {
      const at = { kind: 'echo', host: '127.0.0.1', port: echo.port, topic: TOPIC, queues: QUEUES } as const
      const times = { warmUpMs: sizes.warmUpMs / 2, measureMs: sizes.measureMs / 2 }
      const echoed = await runLoad({ ...at, ...shape, bodySize: 1024, ...times }, echo.pid)
      const timesEcho = perMessageUs(send) / perMessageUs(echoed)
      return { ...sendValues(send), ofEcho: rateOf(send) / rateOf(echoed), cpuTimesEcho: timesEcho }
    } finally {
      await echo.stop()
    }
  },
})

/** Twice what the broker can take, whatever it answers; then whether it is soon as good as before. */
async function overload(subject: Subject, sizes: Sizes) {
  const shape = { connections: 16, inFlight: 256 }
  const peak = rateOf(await loaded(subject, sizes, shape))
  const idleMib = rssMib()
  const over = await loaded(subject, sizes, { ...shape, rate: peak * 2, warmUpMs: 1_000 })
  const peakMib = descendantsPeakRss() / MIB
  // A generator that has just started is slower itself: the load comes at once, and counts from then on.
  const recovered = await loaded(subject, sizes, { ...shape, warmUpMs: RECOVERY_MS })
  return {
    peak,
    offered: over.sent / over.seconds / peak,
    goodput: rateOf(over) / peak,
    busy: over.errors / over.seconds,
    busyP99Ms: over.errorP99Us / 1_000,
    p99Ms: over.p99Us / 1_000,
    beforeMib: idleMib,
    peakMib,
    recovered: rateOf(recovered) / peak,
  }
}

async function loopDelay(subject: Subject, sizes: Sizes) {
  await loaded(subject, sizes, {})
  await subject.stop()
  const text = readFileSync(subject.loopDelayFile ?? '', 'utf8')
  const { p50Us, p999Us, maxUs } = JSON.parse(text) as Record<string, number>
  return { p50Us: p50Us ?? 0, p999Us: p999Us ?? 0, maxUs: maxUs ?? 0 }
}

export const growthRows = ({ topics }: Sizes): BrokerRow[] => [
  { name: 'memory: idle, loaded, after', measure: memory },
  { name: 'memory: connections that do nothing', measure: connections },
  { name: 'store that has grown', oursOnly: true, roundsMax: 1, measure: grown },
  overTopics(topics),
  ...[1, 4, 64, 1_000].map(overConnections),
  {
    name: 'overload: twice the sustained rate',
    // Apache's default; for tests it is longer.
    config: { waitTimeMillsInSendQueue: 200 },
    measure: overload,
  },
  { name: 'event loop delay, c4 n64', oursOnly: true, watchesLoop: true, measure: loopDelay },
]
