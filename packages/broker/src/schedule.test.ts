import { expect, test } from '@jest/globals'
import {
  encodeProperties,
  encodeRecord,
  type RecordDraft,
  recordSize,
  SystemTopic,
} from '@rockhopper/message'
import type { PlaceResult, QueueEntry } from '@rockhopper/store'
import { completeConfig } from './config.js'
import { ScheduleService } from './schedule.js'

const HOST = { address: '127.0.0.1', port: 10911 }
const ENTRIES: readonly QueueEntry[] = [0, 1, 2].map((queueOffset) => {
  return { queueOffset, physicalOffset: queueOffset * 1_000, size: 1, tagsCode: 0 }
})

/** A message that waited and goes to queue 0 of topic T. */
function parked(physicalOffset: number): Buffer {
  const draft: RecordDraft = {
    topic: SystemTopic.SCHEDULE,
    queueId: 0,
    body: Buffer.from(String(physicalOffset)),
    properties: encodeProperties({ REAL_TOPIC: 'T', REAL_QID: '0' }),
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: HOST,
    storeHost: HOST,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
  }
  const record = Buffer.alloc(recordSize(draft))
  encodeRecord(draft, { queueOffset: 0, physicalOffset, storeTimestamp: 1 }, record, 0)
  return record
}

interface ScheduleStore {
  readonly look: (physicalOffset: number) => Promise<Buffer | undefined>
  readonly place: (draft: RecordDraft) => PlaceResult
}

/** One level whose three messages are due, and what makes its timer fire. */
function scheduled({ look, place }: ScheduleStore) {
  const timers: (() => void)[] = []
  const logged: string[] = []
  const note = (code: string) => void logged.push(code)
  const after = (_: number, run: () => void) => {
    timers.push(run)
    return () => undefined
  }
  const parts = {
    clock: { now: () => 10_000, after },
    log: { info: note, warn: note, error: note },
    store: {
      onArrival: () => () => undefined,
      minOffset: () => 0,
      maxOffset: () => ENTRIES.length,
      queueEntries: async (_topic: string, _queueId: number, from: number) => ENTRIES.slice(from),
      lookMessageByOffset: look,
      place,
    },
    tickets: { full: false, wait: async () => ({ status: 'PUT_OK' }) },
    writeGate: { refusal: () => undefined },
    config: completeConfig({}),
    delayLevels: [1_000],
    stats: { puts: { add: () => undefined } },
    storeHost: HOST,
  }
  const file = { load: () => undefined, save: async () => undefined }
  const service = new ScheduleService(parts as never, file, undefined)
  return { service, logged, fire: () => timers.shift()?.() }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('when a record cannot be read, the level waits for the other deliveries, too', async () => {
  let finish: (record: undefined) => void = () => undefined
  const slow = new Promise<undefined>((resolve) => {
    finish = resolve
  })
  const look = (offset: number) => (offset === 0 ? Promise.reject(new Error('EIO')) : slow)
  const { service, logged } = scheduled({ look, place: () => ({ status: 'UNKNOWN_ERROR', remark: '' }) })
  service.start()
  await turn()
  let isStopped = false
  const stopping = service.stop().then(() => {
    isStopped = true
  })
  await turn()
  expect(isStopped).toBe(false)
  finish(undefined)
  await stopping
  expect(logged).toContain('SCHEDULE_FAILED')
  expect(service.progress()).toMatchObject([{ nextOffset: 0 }])
})

test('a refused message holds its level back, and the ones behind it are stored once', async () => {
  const placed: string[] = []
  let refuses = true
  const place = ({ body }: RecordDraft): PlaceResult => {
    const text = Buffer.from(body).toString()
    if (text === '0' && refuses) return { status: 'SERVICE_NOT_AVAILABLE', remark: 'disk full' }
    placed.push(text)
    return { status: 'PUT_OK', physicalOffset: 0, queueOffset: 0, storeTimestamp: 1, end: 1 }
  }
  const { service, fire } = scheduled({ look: async (offset) => parked(offset), place })
  service.start()
  for (let retries = 0; retries < 3; retries++) {
    await turn()
    expect(service.progress()).toMatchObject([{ nextOffset: 0 }])
    fire()
  }
  await turn()
  refuses = false
  fire()
  await turn()
  expect(service.progress()).toMatchObject([{ nextOffset: 3 }])
  expect(placed).toEqual(['1000', '2000', '0'])
  await service.stop()
})
