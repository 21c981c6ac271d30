import { createNodeEnv } from '@rockhopper/env'
import { encodeProperties, type RecordDraft } from '@rockhopper/message'
import { createMessageStore, type MessageStore } from '@rockhopper/store'
import type { Opened, PutGet, Served, StoreTask } from './store-task.js'
import { syncWrites } from './sync-writes.js'

const TOPIC = 'LoadTest'
/** Records that wait for their watermark. */
const IN_FLIGHT = 256
const MIB = 1024 * 1024
const HOST = { address: '127.0.0.1', port: 10911 }

async function opened(directory: string, sync = false): Promise<MessageStore> {
  const flushDiskType = sync ? 'SYNC_FLUSH' : 'ASYNC_FLUSH'
  const store = createMessageStore({
    env: createNodeEnv(),
    config: { storePathRootDir: directory, flushDiskType },
  })
  await store.start()
  return store
}

/** Places records until `done`, at most so many ahead of what is acknowledged. Returns how many. */
function fill(
  store: MessageStore,
  bodySize: number,
  queues: number,
  acknowledged: () => number,
  done: (placed: number) => boolean,
): Promise<number> {
  const body = Buffer.alloc(bodySize, 'r')
  const ends: number[] = []
  let count = 0
  return new Promise((resolve, reject) => {
    let settled = 0
    const more = () => {
      while (settled < ends.length && (ends[settled] as number) <= acknowledged()) settled++
      if (settled === ends.length) ends.length = settled = 0
      while (ends.length - settled < IN_FLIGHT && !done(store.watermarks.placed)) {
        const placed = store.place(draft(count, queues, body))
        if (placed.status !== 'PUT_OK') return reject(new Error(placed.remark))
        ends.push(placed.end)
        count++
      }
      if (ends.length > 0) return
      ended()
      resolve(count)
    }
    const ended = store.onAdvance(more)
    more()
  })
}

const NO_PROPERTIES = Buffer.alloc(0)

function draft(number: number, queues: number, body: Buffer): RecordDraft {
  const properties = encodeProperties({ UNIQ_KEY: `AC11000200014D2BC4DC${String(number).padStart(12, '0')}` })
  return {
    topic: TOPIC,
    queueId: number % queues,
    body,
    properties,
    propertiesTail: NO_PROPERTIES,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    bornHost: HOST,
    storeHost: HOST,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
  }
}

async function putGet(task: Extract<StoreTask, { kind: 'put-get' }>): Promise<PutGet> {
  const { directory, bodySize, queues, sync, measureMs } = task
  const store = await opened(directory, sync)
  const acknowledged = () => store.watermarks.readable
  const warmUntil = performance.now() + measureMs / 4
  await fill(store, bodySize, queues, acknowledged, () => performance.now() > warmUntil)
  const began = performance.now()
  const puts = await fill(store, bodySize, queues, acknowledged, () => performance.now() > began + measureMs)
  const putSeconds = (performance.now() - began) / 1_000
  const reading = await read(store, queues, [{}], measureMs)
  await store.stop()
  const rssMib = process.memoryUsage.rss() / MIB
  return { putsPerSecond: puts / putSeconds, getsPerSecond: reading.getsPerSecond, rssMib }
}

/**
 * Reads all queues from their first message on, again and again, and keeps each result until its holder
 * reads the next.
 */
async function read(
  store: MessageStore,
  queues: number,
  holders: readonly object[],
  measureMs: number,
): Promise<Served> {
  const next = new Float64Array(queues)
  const kept = new Map<object, () => void>()
  const began = performance.now()
  let count = 0
  let size = 0
  let rssMax = 0
  for (let round = 0; performance.now() - began < measureMs; round++) {
    const queueId = round % queues
    const holder = holders[round % holders.length] as object
    kept.get(holder)?.()
    const query = { topic: TOPIC, queueId, queueOffset: next[queueId] as number, countMax: 32, holder }
    const result = await store.getMessage(query)
    kept.set(holder, result.release)
    count += result.records.length
    size += result.size
    next[queueId] = result.status === 'FOUND' ? result.nextBeginOffset : store.minOffset(TOPIC, queueId)
    if (round % 256 === 0) {
      rssMax = Math.max(rssMax, process.memoryUsage.rss())
      // Sockets, timers and the pool have their turn, as in a broker.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  for (const release of kept.values()) release()
  const seconds = (performance.now() - began) / 1_000
  return { getsPerSecond: count / seconds, mibPerSecond: size / MIB / seconds, rssMaxMib: rssMax / MIB }
}

async function serve(task: Extract<StoreTask, { kind: 'serve' }>): Promise<Served> {
  const store = await opened(task.directory)
  const queues = store.topics().get(TOPIC)?.length ?? 0
  const holders = Array.from({ length: task.holders }, () => ({}))
  const served = await read(store, queues, holders, task.measureMs)
  await store.stop()
  return served
}

async function fillUp(task: Extract<StoreTask, { kind: 'fill' }>): Promise<{ readonly seconds: number }> {
  const store = await opened(task.directory)
  const began = performance.now()
  const from = store.watermarks.placed
  const written = () => store.watermarks.written
  await fill(store, 1024, task.queues, written, (placed) => placed - from >= task.size)
  return { seconds: (performance.now() - began) / 1_000 }
}

async function open(task: Extract<StoreTask, { kind: 'open' }>): Promise<Opened> {
  const began = performance.now()
  const store = await opened(task.directory)
  const startMs = performance.now() - began
  let messages = 0
  for (const [topic, queueIds] of store.topics()) {
    for (const queueId of queueIds)
      messages += store.maxOffset(topic, queueId) - store.minOffset(topic, queueId)
  }
  await store.stop()
  return { startMs, messages }
}

async function run(task: StoreTask): Promise<unknown> {
  switch (task.kind) {
    case 'put-get':
      return putGet(task)
    case 'fill':
      return fillUp(task)
    case 'open':
      return open(task)
    case 'serve':
      return serve(task)
    case 'sync-writes':
      return syncWrites(task)
  }
}

const task = JSON.parse(process.argv[2] ?? '{}') as StoreTask
process.stdout.write(`${JSON.stringify(await run(task))}\n`)
// A store that was filled is left as a crash leaves it: whoever started this process kills it.
if (task.kind === 'fill') setInterval(() => {}, 60_000)
