import type { Log } from '@rockhopper/env'
import { decodeRecord, encodeProperties, type MessageExt, type RecordDraft } from '@rockhopper/message'
import { SimDisk, VirtualClock } from '@rockhopper/sim'
import { createMessageStore } from './local-message-store.js'
import type { MessageStore } from './message-store.js'
import type { StoreConfig } from './store-config.js'

export const ROOT = '/store'
export const HOST = { address: '127.0.0.1', port: 10911 }
const SILENT: Log = { info: () => {}, warn: () => {}, error: () => {} }

export const SMALL: Partial<StoreConfig> = {
  mappedFileSizeCommitLog: 4_096,
  mappedFileSizeConsumeQueue: 200,
  maxHashSlotNum: 64,
  maxIndexNum: 100,
}

export function draft(changes: Partial<RecordDraft> & { text?: string; tag?: string } = {}): RecordDraft {
  const { text = 'hello', tag, ...rest } = changes
  return {
    topic: 'T',
    queueId: 0,
    body: Buffer.from(text),
    properties: tag === undefined ? Buffer.alloc(0) : encodeProperties({ TAGS: tag }),
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    bornHost: HOST,
    storeHost: HOST,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    ...rest,
  }
}

/** One life of a store on a simulated disk. */
export interface Life {
  readonly clock: VirtualClock
  readonly disk: SimDisk
  readonly store: MessageStore
  readonly fatal: Error[]
}

export function life(config: Partial<StoreConfig> = {}, disk?: SimDisk, clock = new VirtualClock()): Life {
  const fatal: Error[] = []
  const onDisk = disk ?? new SimDisk(clock)
  const host = {
    pid: 1,
    bootId: 'b',
    totalMemory: 2 ** 30,
    address: '127.0.0.1',
    homeDirectory: '/',
    timezoneOffsetMinutes: () => 0,
  }
  const store = createMessageStore({
    env: { clock, disk: onDisk, host, log: SILENT },
    config: { storePathRootDir: ROOT, ...SMALL, ...config },
    onFatal: (error) => fatal.push(error),
  })
  return { clock, disk: onDisk, store, fatal }
}

export async function started(
  config: Partial<StoreConfig> = {},
  disk?: SimDisk,
  clock?: VirtualClock,
): Promise<Life> {
  const begun = life(config, disk, clock)
  await begun.clock.until(begun.store.start())
  return begun
}

/** The next life: on what a killed process leaves. */
export async function restarted(before: Life, config: Partial<StoreConfig> = {}): Promise<Life> {
  const clock = new VirtualClock()
  clock.wall = before.clock.wall + 1_000
  return started(config, before.disk.afterKill(clock), clock)
}

export async function stopped({ clock, store }: Life): Promise<void> {
  await clock.until(store.stop())
}

/** Every message of a queue, pulled as a consumer does. */
export async function drained({ clock, store }: Life, topic: string, queueId: number): Promise<MessageExt[]> {
  const found: MessageExt[] = []
  for (let next = store.minOffset(topic, queueId); ; ) {
    const result = await clock.until(store.getMessage({ topic, queueId, queueOffset: next, countMax: 32 }))
    if (
      result.status === 'FOUND' ||
      result.status === 'NO_MATCHED_MESSAGE' ||
      result.status === 'MESSAGE_WAS_REMOVING'
    ) {
      for (const record of result.records) found.push(decoded(record))
      next = result.nextBeginOffset
      continue
    }
    return found
  }
}

/** Every record of the log, read as a replica does. */
export async function logRecords({ clock, store }: Life, segmentSize: number): Promise<MessageExt[]> {
  const found: MessageExt[] = []
  for (let offset = store.minPhysicalOffset; offset < store.maxPhysicalOffset; ) {
    const bytes = await clock.until(store.readSpan(offset, segmentSize))
    let at = 0
    while (at + 8 <= bytes.length && bytes.readUInt32BE(at + 4) !== 0xcbd43194) {
      const record = decoded(bytes.subarray(at))
      found.push(record)
      at += record.storeSize
    }
    offset += bytes.length
  }
  return found
}

export function decoded(bytes: Buffer): MessageExt {
  const result = decodeRecord(bytes, 0)
  if (!result.ok) throw new Error(`a stored record cannot be decoded: ${result.reason}`)
  return result.value
}
