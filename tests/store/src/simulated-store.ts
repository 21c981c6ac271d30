import { decodeProperties, encodeProperties, type RecordDraft } from '@rockhopper/message'
import { type DiskOperation, type Fault, Ledger, SimDisk, seeded, VirtualClock } from '@rockhopper/sim'
import { createMessageStore, type MessageStore, type PutResult, type StoreConfig } from '@rockhopper/store'
import { contentOf, placeOf } from './contents.js'

export type Mode = StoreConfig['flushDiskType']
export const MODES: readonly Mode[] = ['ASYNC_FLUSH', 'SYNC_FLUSH']

const HOST = { address: '127.0.0.1', port: 10_911 }
const silent = (): void => undefined
const TOPICS = ['Orders', 'Payments', '%RETRY%group']
const SENDS = 26

/** One life of a store on a simulated disk. */
export interface StoreLife {
  readonly clock: VirtualClock
  readonly disk: SimDisk
  readonly store: MessageStore
}

export function createLife(mode: Mode, disk?: (clock: VirtualClock) => SimDisk, clock = new VirtualClock()) {
  const onDisk = disk?.(clock) ?? new SimDisk(clock)
  const host = {
    pid: 1,
    bootId: 'b',
    totalMemory: 2 ** 30,
    address: HOST.address,
    homeDirectory: '/',
    timezoneOffsetMinutes: () => 0,
  }
  const store = createMessageStore({
    env: { clock, disk: onDisk, host, log: { info: silent, warn: silent, error: silent } },
    config: {
      storePathRootDir: '/store',
      mappedFileSizeCommitLog: 4_096,
      mappedFileSizeConsumeQueue: 200,
      maxHashSlotNum: 32,
      maxIndexNum: 20,
      checkpointInterval: 3_000,
      flushDiskType: mode,
    },
  })
  return { clock, disk: onDisk, store }
}

/** What was sent in a life, and where acknowledged messages lie in the log. */
export interface Sent {
  readonly ledger: Ledger
  readonly physicalOffsets: Map<string, number>
}

/** A life with sends of all sizes over the ends of files, batches, checkpoints, and perhaps a stop. */
export async function lived(
  life: StoreLife,
  seed: number,
  fault: (operation: DiskOperation) => Fault = () => undefined,
): Promise<Sent> {
  const { clock, disk, store } = life
  const random = seeded(seed)
  const sent: Sent = { ledger: new Ledger(), physicalOffsets: new Map() }
  disk.fault = fault
  try {
    await clock.until(store.start())
    for (let i = 0; i < SENDS && !disk.dead; i++) {
      send(life, sent, draftOf(random, seed, i))
      if (i % 9 === 8) sendBatch(life, sent, random, seed, i)
      if (random() < 0.6) await clock.settle()
      if (random() < 0.3) await clock.pass(random() * 1_500)
    }
    await clock.settle()
    if (!disk.dead) await clock.until(store.stop())
  } catch (error) {
    if (!disk.dead) throw error
  }
  return sent
}

function send({ store, disk }: StoreLife, sent: Sent, draft: RecordDraft): void {
  const content = contentOf(draft.topic, draft.body, decodeProperties(draft.properties))
  sent.ledger.offer(content)
  void store.put(draft).then((result) => {
    if (!disk.dead && result.status === 'PUT_OK') acknowledged(sent, draft, [content], result)
  })
}

/** The elements are acknowledged when a watermark passes their end. */
function sendBatch(life: StoreLife, sent: Sent, random: () => number, seed: number, i: number): void {
  const { store, disk } = life
  const drafts = [1, 2, 3].map((n) => draftOf(random, seed, i * 100 + n))
  const first = drafts[0] as RecordDraft
  const contents = drafts.map(({ body, properties }) =>
    contentOf(first.topic, body, decodeProperties(properties)),
  )
  for (const content of contents) sent.ledger.offer(content)
  const placed = store.placeBatch(first, drafts)
  if (placed.status !== 'PUT_OK') return
  const forget = store.onAdvance(({ readable }) => {
    if (disk.dead || readable < placed.end) return
    forget()
    acknowledged(sent, first, contents, placed)
  })
}

function acknowledged(
  { ledger, physicalOffsets }: Sent,
  { topic, queueId }: RecordDraft,
  contents: readonly string[],
  placed: PutResult,
): void {
  if (placed.status !== 'PUT_OK') return
  for (const [i, content] of contents.entries()) {
    const place = placeOf(topic, queueId, placed.queueOffset + i)
    ledger.acknowledge(content, place)
    physicalOffsets.set(place, placed.physicalOffsets?.[i] ?? placed.physicalOffset)
  }
}

function draftOf(random: () => number, seed: number, i: number): RecordDraft {
  const topic = TOPICS[Math.floor(random() * TOPICS.length)] as string
  const text = `${seed}/${i}/`.padEnd(10 + Math.floor(random() * 500), '*')
  const properties = { KEYS: `key${i}`, TAGS: `tag${i % 3}`, note: 'n'.repeat(1 + Math.floor(random() * 90)) }
  return {
    topic,
    queueId: i % 2,
    body: Buffer.from(text),
    properties: encodeProperties(properties),
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    bornHost: HOST,
    storeHost: HOST,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
  }
}
