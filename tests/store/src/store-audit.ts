import { BLANK_MAGIC, decodeRecord, javaHashCode, type MessageExt } from '@rockhopper/message'
import type { MessageStore } from '@rockhopper/store'
import { placeOf } from './contents.js'

const SPAN = 1024 * 1024
/** Its entries carry the due time where others carry the hash of the tag. */
const SCHEDULE_TOPIC = 'SCHEDULE_TOPIC_XXXX'

/** All that can be read of a store, in its two ways. */
export interface Audit {
  /** By queue, as a consumer pulls. */
  readonly delivered: readonly MessageExt[]
  /** By the log, as a replica reads. */
  readonly log: readonly MessageExt[]
  /** Where the queues are not what a rebuild from the log would make. */
  readonly differences: readonly string[]
}

/**
 * Reads everything and compares the queues with what the log says they must be. A broker that serves may
 * deliver a delayed message meanwhile: what arrives behind the end of the beginning may be in the queues or
 * not, but what is in a queue is in the log, which is read last.
 */
export async function audit(store: MessageStore): Promise<Audit> {
  const end = store.maxPhysicalOffset
  const differences: string[] = []
  const entries = new Map<string, string>()
  const delivered: MessageExt[] = []
  for (const [topic, queueIds] of store.topics()) {
    for (const queueId of queueIds) {
      for (const [place, text] of await queueTexts(store, topic, queueId, differences))
        entries.set(place, text)
      delivered.push(...(await drained(store, topic, queueId)))
    }
  }
  const seen = new Set(delivered.map(placeOfRecord))
  const records = await logRecords(store)
  const log = records.filter((record) => record.physicalOffset < end || seen.has(placeOfRecord(record)))
  const expected = new Set<string>()
  for (const record of records) {
    const place = placeOfRecord(record)
    if (expected.has(place)) differences.push(`${place} is twice in the log`)
    expected.add(place)
    const text = entries.get(place)
    const made = entryText(record.physicalOffset, record.storeSize, tagsCodeOf(record), record.topic)
    if (text === undefined && record.physicalOffset < end)
      differences.push(`${place} is in the log and in no queue`)
    if (text !== undefined && text !== made)
      differences.push(`${place} is ${text}, a rebuild makes it ${made}`)
  }
  for (const [place, text] of entries)
    if (!expected.has(place)) differences.push(`${place} is ${text}, a rebuild makes it undefined`)
  return { delivered, log, differences }
}

async function queueTexts(
  store: MessageStore,
  topic: string,
  queueId: number,
  differences: string[],
): Promise<[place: string, text: string][]> {
  const min = store.minOffset(topic, queueId)
  const count = store.maxOffset(topic, queueId) - min
  const entries = count === 0 ? [] : await store.queueEntries(topic, queueId, min, count)
  if (entries.length !== count)
    differences.push(`${topic}/${queueId} has ${entries.length} entries, not ${count}`)
  return entries.map(({ queueOffset, physicalOffset, size, tagsCode }) => [
    placeOf(topic, queueId, queueOffset),
    entryText(physicalOffset, size, tagsCode, topic),
  ])
}

function placeOfRecord({ topic, queueId, queueOffset }: MessageExt): string {
  return placeOf(topic, queueId, queueOffset)
}

/** Every message of a queue, pulled as a consumer does. */
export async function drained(store: MessageStore, topic: string, queueId: number): Promise<MessageExt[]> {
  const found: MessageExt[] = []
  for (let queueOffset = store.minOffset(topic, queueId); ; ) {
    const { status, records, nextBeginOffset } = await store.getMessage({
      topic,
      queueId,
      queueOffset,
      countMax: 32,
    })
    for (const buffer of records) found.push(...recordsOf(buffer))
    const goesOn = status === 'FOUND' || status === 'NO_MATCHED_MESSAGE' || status === 'MESSAGE_WAS_REMOVING'
    if (!goesOn || nextBeginOffset <= queueOffset) return found
    queueOffset = nextBeginOffset
  }
}

async function logRecords(store: MessageStore): Promise<MessageExt[]> {
  const found: MessageExt[] = []
  for (let offset = store.minPhysicalOffset; offset < store.maxPhysicalOffset; ) {
    const bytes = await store.readSpan(offset, SPAN)
    if (bytes.length === 0) throw new Error(`the log ends at ${offset}, before ${store.maxPhysicalOffset}`)
    found.push(...recordsOf(bytes))
    offset += bytes.length
  }
  return found
}

function recordsOf(bytes: Buffer): MessageExt[] {
  const found: MessageExt[] = []
  for (let at = 0; at + 8 <= bytes.length && bytes.readUInt32BE(at + 4) !== BLANK_MAGIC >>> 0; ) {
    const result = decodeRecord(bytes, at)
    if (!result.ok) throw new Error(`what the store gave cannot be decoded: ${result.reason}`)
    found.push(result.value)
    at += result.size
  }
  return found
}

function tagsCodeOf({ properties }: MessageExt): number {
  return properties['TAGS'] === undefined ? 0 : javaHashCode(properties['TAGS'])
}

function entryText(physicalOffset: number, size: number, tagsCode: number, topic: string): string {
  return `${physicalOffset}+${size}${topic === SCHEDULE_TOPIC ? '' : ` tag ${tagsCode}`}`
}
