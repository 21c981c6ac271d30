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

/** Reads everything and compares the queues with what the log says they must be. */
export async function audit(store: MessageStore): Promise<Audit> {
  const log = await logRecords(store)
  const expected = new Map<string, string>()
  const differences: string[] = []
  for (const record of log) {
    const place = placeOf(record.topic, record.queueId, record.queueOffset)
    if (expected.has(place)) differences.push(`${place} is twice in the log`)
    expected.set(place, entryText(record.physicalOffset, record.storeSize, tagsCodeOf(record), record.topic))
  }
  const delivered: MessageExt[] = []
  for (const [topic, queueIds] of store.topics()) {
    for (const queueId of queueIds) {
      const min = store.minOffset(topic, queueId)
      const count = store.maxOffset(topic, queueId) - min
      const entries = count === 0 ? [] : await store.queueEntries(topic, queueId, min, count)
      if (entries.length !== count)
        differences.push(`${topic}/${queueId} has ${entries.length} entries, not ${count}`)
      for (const { queueOffset, physicalOffset, size, tagsCode } of entries) {
        const place = placeOf(topic, queueId, queueOffset)
        const text = entryText(physicalOffset, size, tagsCode, topic)
        if (expected.get(place) !== text)
          differences.push(`${place} is ${text}, a rebuild makes it ${expected.get(place)}`)
        expected.delete(place)
      }
      delivered.push(...(await drained(store, topic, queueId)))
    }
  }
  for (const place of expected.keys()) differences.push(`${place} is in the log and in no queue`)
  return { delivered, log, differences }
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
