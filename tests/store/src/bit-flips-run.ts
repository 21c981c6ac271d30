import type { SimDisk } from '@rockhopper/sim'
import { seeded, VirtualClock } from '@rockhopper/sim'
import { placeOf } from './contents.js'
import { createLife, lived, type Sent, type StoreLife } from './simulated-store.js'
import { drained } from './store-audit.js'
import { found, wrongOf } from './store-queries.js'
import { Totals } from './totals.js'

/** What the flips did. */
export interface Tally {
  /** Starts that were refused: the damage was seen. */
  refused: number
  /** Messages that were not delivered where one was sent. */
  missing: number
  delivered: number
  /** Records that queries by key and by id gave. */
  queried: number
}

/**
 * Where the log was known to be durable, of the newer slot of rockhopper/state: what was acknowledged in the
 * last second before a kill lies behind it, and only bodies are checked there (docs/durability.md).
 */
function durableEnd(disk: SimDisk): number {
  const bytes = disk.bytes('/store/rockhopper/state')
  const newer = bytes.readBigInt64BE(8) > bytes.readBigInt64BE(4_096 + 8) ? 0 : 4_096
  return Number(bytes.readBigInt64BE(newer + 32))
}

/** Any bit of any file of the store; of the log what was durable. */
function flip(disk: SimDisk, random: () => number): string {
  const paths = disk.paths().filter((path) => path.startsWith('/store/'))
  const path = paths[Math.floor(random() * paths.length)] as string
  const bytes = disk.bytes(path)
  const at = Math.floor(random() * bytes.length)
  const bit = Math.floor(random() * 8)
  const start = path.startsWith('/store/commitlog/') ? Number(path.slice(-20)) : 0
  if (start + at >= durableEnd(disk) && path.startsWith('/store/commitlog/')) return flip(disk, random)
  if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ (1 << bit)
  return `${path} byte ${at} bit ${bit}`
}

/** Reads everything, by queue, by key and by id; each message must be what was sent to its place. */
async function read(life: StoreLife, sent: Sent, flip: number, tally: Tally): Promise<string[]> {
  const wrong: string[] = []
  const { store } = life
  const expected = new Map(sent.ledger.acknowledged)
  for (const [topic, queueIds] of store.topics()) {
    for (const queueId of queueIds) {
      for (const record of await drained(store, topic, queueId)) {
        const place = placeOf(record.topic, record.queueId, record.queueOffset)
        if (record.topic !== topic || record.queueId !== queueId)
          wrong.push(`${place} came from ${topic}/${queueId}`)
        wrong.push(...wrongOf(record, sent))
        expected.delete(place)
        tally.delivered++
      }
    }
  }
  tally.missing += expected.size
  for await (const { record, asked } of found(store, sent, { from: flip, share: 4 })) {
    wrong.push(...wrongOf(record, sent).map((text) => `${text}, asked for ${asked}`))
    tally.queried++
  }
  return wrong
}

/** So many random flips, each over a store of its own; throws at the first message that was not sent so. */
export async function flipped(seed: number, flips: number): Promise<Tally> {
  const first = createLife('SYNC_FLUSH')
  const sent = await lived(first, seed)
  const killed = createLife('SYNC_FLUSH')
  const killedSent = await lived(killed, seed, ({ n }) => (n === 180 ? 'kill' : undefined))
  const lives = [
    { disk: first.disk, sent },
    { disk: killed.disk, sent: killedSent },
  ]
  const random = seeded(seed)
  const totals = new Totals('bit flips')
  const tally: Tally = { refused: 0, missing: 0, delivered: 0, queried: 0 }
  const text = (done: number) => `${done} flips, seed ${seed}, ${JSON.stringify(tally)}`
  for (let i = 0; i < flips; i++) {
    const { disk, sent } = lives[i % 2] as (typeof lives)[number]
    const life = createLife('SYNC_FLUSH', (clock) => disk.afterKill(clock), new VirtualClock())
    life.clock.wall = first.clock.wall + 10_000
    await oneFlip(life, sent, random, i, tally)
    totals.step(() => text(i + 1))
  }
  totals.end(text(flips))
  return tally
}

/** Half of the flips are there at the start, half come while the store serves. */
async function oneFlip(
  life: StoreLife,
  sent: Sent,
  random: () => number,
  i: number,
  tally: Tally,
): Promise<void> {
  let what = ''
  const live = i % 4 >= 2
  if (!live) what = flip(life.disk, random)
  const started = await life.clock.until(life.store.start().then(() => true, refusal))
  if (started !== true) {
    tally.refused++
    return
  }
  if (live) what = flip(life.disk, random)
  const wrong = await life.clock.until(read(life, sent, i, tally))
  if (wrong.length > 0) throw new Error(`flip ${i}, ${what}: ${wrong.join('; ')}`)
  await life.clock.until(life.store.stop())
}

/** A start may be refused by an error that says so; anything else is a bug. */
function refusal(error: unknown): string {
  const code = (error as { code?: unknown }).code
  if (typeof code !== 'string') throw error
  return code
}
