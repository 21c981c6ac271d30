import { describe, expect, test } from '@jest/globals'
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

const MODES = ['ASYNC_FLUSH', 'SYNC_FLUSH'] as const
type Mode = (typeof MODES)[number]

/**
 * A sample: the store row of `npm test` (tests/store) kills a whole broker at every operation and takes the
 * power from a store a thousand times in each mode.
 */
const KILL_STEP = 4
const POWER_SEEDS = 30
const RECOVERY_SEEDS = 12

interface Sent {
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly text: string
}

interface Outcome {
  readonly last: Life
  /** Everything that was placed, acknowledged or not, by place and text. */
  readonly placed: Sent[]
  readonly acked: Sent[]
}

function config(mode: Mode): Partial<StoreConfig> {
  return { ...SMALL, flushDiskType: mode, checkpointInterval: 3_000 }
}

/**
 * A short life of a broker's store: sends of all sizes over file ends, a batch, a checkpoint, a proper stop.
 */
async function scenario(
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

async function reopened(
  outcome: Outcome,
  mode: Mode,
  found: (clock: VirtualClock) => SimDisk,
): Promise<Life> {
  const clock = new VirtualClock()
  clock.wall = outcome.last.clock.wall + 5_000
  return started(config(mode), found(clock), clock)
}

/** No phantom, queues as a rebuild from the log would make them, and what was acknowledged is there. */
async function check(found: Life, { placed, acked }: Outcome, lostAllowed: boolean): Promise<void> {
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
async function checkGoesOn(found: Life, mode: Mode): Promise<void> {
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

describe.each(MODES)('with %s', (mode) => {
  test('a kill at a disk operation loses nothing acknowledged and leaves no phantom', async () => {
    const seed = 20_261
    const { last } = await scenario(mode, seed, () => {})
    const count = last.disk.operations
    expect(count).toBeGreaterThan(60)
    for (let n = mode === 'SYNC_FLUSH' ? 1 : 3; n <= count; n += KILL_STEP) {
      const outcome = await scenario(mode, seed, (disk) => {
        disk.fault = (operation) => (operation.n === n ? 'kill' : undefined)
      })
      try {
        const found = await reopened(outcome, mode, (clock) => outcome.last.disk.afterKill(clock))
        await check(found, outcome, false)
        await checkGoesOn(found, mode)
      } catch (error) {
        throw new Error(`seed ${seed}, killed at operation ${n} of ${count}`, { cause: error })
      }
    }
  })

  test('a power loss at any moment loses nothing that was synced and leaves no phantom', async () => {
    for (let seed = 1; seed <= POWER_SEEDS; seed++) {
      const random = seeded(seed * 7_919)
      const at = 10 + Math.floor(random() * 110)
      const outcome = await scenario(mode, seed, (disk) => {
        disk.fault = (operation) => (operation.n === at ? 'kill' : undefined)
      })
      try {
        const found = await reopened(outcome, mode, (clock) =>
          outcome.last.disk.afterPowerLoss(clock, random),
        )
        await check(found, outcome, mode === 'ASYNC_FLUSH')
        await checkGoesOn(found, mode)
      } catch (error) {
        throw new Error(`seed ${seed}, power lost at operation ${at}`, { cause: error })
      }
    }
  })

  test('a kill or a power loss in the middle of recovery is recovered from', async () => {
    for (let seed = 1; seed <= RECOVERY_SEEDS; seed++) {
      const random = seeded(seed * 104_729)
      const at = 40 + Math.floor(random() * 60)
      const outcome = await scenario(mode, seed, (disk) => {
        disk.fault = (operation) => (operation.n === at ? 'kill' : undefined)
      })
      try {
        let disk = outcome.last.disk
        for (let attempt = 0; attempt < 3; attempt++) {
          const clock = new VirtualClock()
          clock.wall = outcome.last.clock.wall + attempt * 1_000
          disk =
            mode === 'SYNC_FLUSH' && random() < 0.5
              ? disk.afterPowerLoss(clock, random)
              : disk.afterKill(clock)
          const stopAt = 1 + Math.floor(random() * 12)
          disk.fault = (operation) => (operation.n === stopAt ? 'kill' : undefined)
          const { store } = life(config(mode), disk, clock)
          const killed = store.start().catch(() => {})
          await clock.settle()
          void killed
          disk.kill()
        }
        const found = await reopened(outcome, mode, (clock) => disk.afterKill(clock))
        await check(found, outcome, false)
        await checkGoesOn(found, mode)
      } catch (error) {
        throw new Error(`seed ${seed}, killed at operation ${at}, then in recovery`, { cause: error })
      }
    }
  })
})

test('an acknowledgement before the sync is caught by the power loss check', async () => {
  let caught = 0
  for (let seed = 1; seed <= 30; seed++) {
    const random = seeded(seed * 7_919)
    const at = 10 + Math.floor(random() * 110)
    const kill = (disk: SimDisk) => {
      disk.fault = (operation) => (operation.n === at ? 'kill' : undefined)
    }
    const outcome = await scenario('SYNC_FLUSH', seed, kill, true)
    const found = await reopened(outcome, 'SYNC_FLUSH', (clock) =>
      outcome.last.disk.afterPowerLoss(clock, random),
    )
    await check(found, outcome, false).catch(() => caught++)
  }
  expect(caught).toBeGreaterThan(0)
})
