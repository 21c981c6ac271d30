import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { startEcho } from '../echo/echo-server.js'
import { runLoad } from '../load/run-load.js'
import { descendantsRss } from '../processes.js'
import { perMessageUs, QUEUES, rateOf, TOPIC } from '../send.js'
import { sendValues } from './pulls.js'
import { type BrokerRow, loaded, type Sizes, type Subject } from './row.js'

const MIB = 1024 * 1024
const SETTLE_MS = 2_000
const rssMib = (): number => descendantsRss() / MIB
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SETTLE_MS))

/** Opens connections and holds them; what the broker's memory grows by. */
async function connections(subject: Subject, sizes: Sizes) {
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
  const { messages } = await loaded(subject, sizes, { measureMs: sizes.measureMs * 3 })
  const loadedMib = rssMib()
  await settle()
  return { idleMib, loadedMib, afterMib: rssMib(), messages }
}

/** CPU of a message and memory before and after the store has grown. */
async function grown(subject: Subject, sizes: Sizes) {
  const before = await loaded(subject, sizes, {})
  const beforeMib = rssMib()
  let bytes = 0
  while (bytes < sizes.grownGb * 1e9) {
    const { messages } = await loaded(subject, sizes, { warmUpMs: 0, bodySize: 16_384, measureMs: 2_000 })
    bytes += messages * 16_384
  }
  await settle()
  const afterMib = rssMib()
  const after = await loaded(subject, sizes, {})
  const [cpuUsBefore, cpuUsAfter] = [perMessageUs(before), perMessageUs(after)]
  return {
    storedGb: bytes / 1e9,
    cpuUsBefore,
    cpuUsAfter,
    growth: cpuUsAfter / cpuUsBefore,
    beforeMib,
    afterMib,
  }
}

const overTopics = (topics: number): BrokerRow => ({
  name: `sends to ${topics} topics`,
  oursOnly: true,
  async measure(subject, sizes) {
    // The first turn makes the topics, as a user's first sends do.
    const shape = { topic: topics === 1 ? TOPIC : 'Many', topics }
    await loaded(subject, sizes, { ...shape, warmUpMs: 0, measureMs: 500 + topics * 2 })
    return sendValues(await loaded(subject, sizes, shape))
  },
})

const overConnections = (count: number): BrokerRow => ({
  name: `sends over ${count} connections`,
  oursOnly: true,
  async measure(subject, sizes) {
    const shape = { connections: count, inFlight: count }
    const send = await loaded(subject, sizes, shape)
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
  const sustained = await loaded(subject, sizes, {})
  const rate = rateOf(sustained)
  const over = await loaded(subject, sizes, { connections: 16, rate: rate * 2, warmUpMs: 500 })
  const rssAfterMib = rssMib()
  await new Promise((resolve) => setTimeout(resolve, 5_000 - sizes.measureMs))
  const recovered = await loaded(subject, sizes, { warmUpMs: 0 })
  return {
    rate,
    goodput: rateOf(over) / rate,
    busy: over.errors / over.seconds,
    p99Us: over.p99Us,
    rssAfterMib,
    recovered: rateOf(recovered) / rate,
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
  { name: 'store that has grown', oursOnly: true, measure: grown },
  ...topics.map(overTopics),
  ...[1, 4, 64, 1_000].map(overConnections),
  { name: 'overload: twice the sustained rate', oursOnly: true, measure: overload },
  { name: 'event loop delay, c4 n64', oursOnly: true, watchesLoop: true, measure: loopDelay },
]
