import { expect } from '@jest/globals'
import { encodeProperties, type MessageExt } from '@rockhopper/message'
import { Killed, type SimDisk, seeded, VirtualClock } from '@rockhopper/sim'
import type { PutResult } from './message-store.js'
import {
  decoded,
  draft,
  drained,
  type Life,
  life,
  logRecords,
  SMALL,
  started,
} from './store-bench.fixture.js'
import type { StoreConfig } from './store-config.js'

export const MODES = ['ASYNC_FLUSH', 'SYNC_FLUSH'] as const
export type Mode = (typeof MODES)[number]

export interface Sent {
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly text: string
}

export interface Outcome {
  readonly last: Life
  /** Everything that was placed, acknowledged or not, by place and text. */
  readonly placed: Sent[]
  readonly acked: Sent[]
}

export function config(mode: Mode): Partial<StoreConfig> {
  return { ...SMALL, flushDiskType: mode, checkpointInterval: 3_000 }
}

/**
 * A short life of a broker's store: sends of all sizes over file ends, a batch, a checkpoint, a proper stop.
 */
export async function scenario(
  mode: Mode,
  seed: number,
  prepare: (disk: SimDisk) => void,
  plantedAckAtWrite = false,
): Promise<Outcome> {
  const random = seeded(seed)
  const last = life(config(mode))
  prepare(last.disk)
  const { clock, disk, store } = last
  const placed: Sent[] = []
  const acked: Sent[] = []
  const note = (sent: Sent, result: PutResult) => {
    if (result.status === 'PUT_OK' && !disk.dead)
      acked.push({ ...sent, queueOffset: result.queueOffset, physicalOffset: result.physicalOffset })
  }
  const send = (topic: string, queueId: number, i: number) => {
    const text = `${seed}/${i}/${'x'.repeat(Math.floor(random() * 400))}`
    const before = placed.length
    const needs = plantedAckAtWrite ? 'written' : undefined
    const done = store.put(
      draft({ topic, queueId, text, properties: encodeProperties({ KEYS: text }) }),
      needs,
    )
    // What `put` assigned is read off the promise only when it is acknowledged; all else may still be found.
    placed.push({ topic, queueId, queueOffset: -1, physicalOffset: -1, text })
    void done.then((result) => note(placed[before] as Sent, result))
  }
  try {
    await clock.until(store.start())
    for (let i = 0; i < 24 && !disk.dead; i++) {
      send(i % 3 === 0 ? 'Other' : 'T', i % 2, i)
      if (random() < 0.6) await clock.settle()
      if (random() < 0.3) await clock.pass(400)
      if (i === 12) {
        const elements = [1, 2, 3].map((n) => ({
          flag: 0,
          body: Buffer.from(`${seed}/batch${n}`),
          properties: Buffer.alloc(0),
        }))
        for (const { body } of elements)
          placed.push({ topic: 'T', queueId: 0, queueOffset: -1, physicalOffset: -1, text: body.toString() })
        store.placeBatch(draft(), elements)
        await clock.pass(3_100)
      }
    }
    await clock.settle()
    if (!disk.dead) await clock.until(store.stop())
  } catch (error) {
    if (!disk.dead) throw error
    void (error instanceof Killed)
  }
  return { last, placed, acked }
}

export async function reopened(
  outcome: Outcome,
  mode: Mode,
  found: (clock: VirtualClock) => SimDisk,
): Promise<Life> {
  const clock = new VirtualClock()
  clock.wall = outcome.last.clock.wall + 5_000
  return started(config(mode), found(clock), clock)
}

/** No phantom, queues as a rebuild from the log would make them, and what was acknowledged is there. */
export async function check(found: Life, { placed, acked }: Outcome, lostAllowed: boolean): Promise<void> {
  const texts = new Set(placed.map(({ text }) => text))
  const log = await logRecords(found, SMALL.mappedFileSizeCommitLog as number)
  const inLog = new Map<string, MessageExt>()
  for (const record of log) {
    if (!texts.has(record.body.toString())) throw new Error(`phantom: ${record.body.toString().slice(0, 30)}`)
    inLog.set(`${record.topic}/${record.queueId}/${record.queueOffset}`, record)
  }
  expect(inLog.size).toBe(log.length)
  const inQueues: string[] = []
  for (const [topic, queueIds] of found.store.topics()) {
    for (const queueId of queueIds) {
      for (const record of await drained(found, topic, queueId)) {
        const key = `${topic}/${queueId}/${record.queueOffset}`
        inQueues.push(key)
        expect(inLog.get(key)?.physicalOffset).toBe(record.physicalOffset)
      }
    }
  }
  for (const { topic, body, properties } of log) {
    if (properties.KEYS === undefined) continue
    const indexed = await found.clock.until(found.store.queryMessage(topic, properties.KEYS, 32, 0, 2 ** 52))
    expect(indexed.map((record) => decoded(record).body.equals(body))).toEqual([true])
  }
  expect(inQueues.sort()).toEqual([...inLog.keys()].sort())
  const missing = acked.filter(({ topic, queueId, queueOffset, text }) => {
    return inLog.get(`${topic}/${queueId}/${queueOffset}`)?.body.toString() !== text
  })
  // What power takes of unsynced messages is the end of the log, never a piece out of it.
  expect(missing.filter(({ physicalOffset }) => physicalOffset < found.store.maxPhysicalOffset)).toEqual([])
  if (!lostAllowed && missing.length > 0)
    throw new Error(`${missing.length} of ${acked.length} acknowledged are lost`)
}

/** The store goes on: a new message is stored, and a proper stop and start find the same. */
export async function checkGoesOn(found: Life, mode: Mode): Promise<void> {
  const { clock, store } = found
  const result = await clock.until(store.put(draft({ text: 'after' })))
  expect(result.status).toBe('PUT_OK')
  const end = store.maxPhysicalOffset
  await clock.until(store.stop())
  const next = await started(config(mode), found.disk.afterKill(clock), clock)
  expect(next.store.maxPhysicalOffset).toBe(end)
  const record = await clock.until(
    next.store.lookMessageByOffset(result.status === 'PUT_OK' ? result.physicalOffset : -1),
  )
  expect(record && decoded(record).body.toString()).toBe('after')
  await clock.until(next.store.stop())
}
