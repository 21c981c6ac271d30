import { decodeRecord, encodeProperties, type MessageExt, Property, SystemTopic } from '@rockhopper/message'
import type { QueueEntry } from '@rockhopper/store'
import { flushMode, type WriterParts, writeDraft } from './message-writer.js'
import type { BrokerParts } from './parts.js'
import { WakeableLoop } from './wakeable-loop.js'

/** Entries read, and deliveries in flight, of one level. */
const BATCH = 32
/** Pause after a delivery that the store refused. */
const RETRY_AFTER_MS = 1_000

export type ScheduleParts = WriterParts & Pick<BrokerParts, 'clock' | 'log' | 'storeHost' | 'topics'>

/** Delivers the messages of one delay level, in the order of its queue. */
export class ScheduleLevel {
  /** Woken by an arrival, and by the time when the queue's first message is due. */
  readonly loop: WakeableLoop
  readonly #parts: ScheduleParts
  readonly #queueId: number
  readonly #delayMs: number
  #nextOffset: number
  /** Behind one that was refused: they are not stored again when that one is tried again. At most a batch. */
  readonly #delivered = new Set<number>()

  constructor(parts: ScheduleParts, queueId: number, delayMs: number, nextOffset: number) {
    this.#parts = parts
    this.#queueId = queueId
    this.#delayMs = delayMs
    this.#nextOffset = nextOffset
    const details = () => ({ level: queueId + 1, queueOffset: this.#nextOffset })
    const { clock, log } = parts
    this.loop = new WakeableLoop({ clock, log, code: 'SCHEDULE_FAILED', details }, () => this.#deliverDue())
  }

  get nextOffset(): number {
    return this.#nextOffset
  }

  /** Delivers what is due; ms to the next message, or undefined when the queue has no more. */
  async #deliverDue(): Promise<number | undefined> {
    const { clock, store } = this.#parts
    while (!this.loop.stopped) {
      this.#stayInQueue()
      const entries = await store.queueEntries(SystemTopic.SCHEDULE, this.#queueId, this.#nextOffset, BATCH)
      if (entries.length === 0) return undefined
      const now = clock.now()
      const due = entries.findIndex((entry) => this.#waitMs(entry, now) > 0)
      const ready = due < 0 ? entries : entries.slice(0, due)
      if (!(await this.#deliverAll(ready))) return RETRY_AFTER_MS
      const next = entries[ready.length]
      if (next !== undefined) return Math.max(1, this.#waitMs(next, clock.now()))
    }
    return undefined
  }

  /** A due time further away than the level's delay comes from a clock that was set back: due now. */
  #waitMs({ tagsCode: dueTime }: QueueEntry, now: number): number {
    return dueTime > now + this.#delayMs ? 0 : dueTime - now
  }

  /** The queue may begin later (retention) or end earlier (a crash) than the saved offset says. */
  #stayInQueue(): void {
    const { store } = this.#parts
    const minOffset = store.minOffset(SystemTopic.SCHEDULE, this.#queueId)
    const maxOffset = store.maxOffset(SystemTopic.SCHEDULE, this.#queueId)
    this.#nextOffset = Math.min(Math.max(this.#nextOffset, minOffset), maxOffset)
  }

  /**
   * The offset moves behind the entries that are stored again, up to the first one that is not. False when
   * one was refused; rejects when one could not be read. Either way no delivery is under way any more.
   */
  async #deliverAll(entries: readonly QueueEntry[]): Promise<boolean> {
    const results = await Promise.allSettled(entries.map((entry) => this.#deliverOnce(entry)))
    for (const { queueOffset } of entries) {
      if (!this.#delivered.delete(queueOffset)) break
      this.#nextOffset = queueOffset + 1
    }
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return results.every((result) => result.status === 'fulfilled' && result.value)
  }

  async #deliverOnce(entry: QueueEntry): Promise<boolean> {
    if (this.#delivered.has(entry.queueOffset)) return true
    if (!(await deliver(this.#parts, entry))) return false
    this.#delivered.add(entry.queueOffset)
    return true
  }
}

/** True when the message is stored in its real queue, or cannot be and never will. */
async function deliver(parts: ScheduleParts, entry: QueueEntry): Promise<boolean> {
  const { log, store } = parts
  const record = await store.lookMessageByOffset(entry.physicalOffset)
  const decoded = record && decodeRecord(record, 0)
  if (!decoded?.ok) {
    log.error('SCHEDULED_RECORD_MISSING', {
      physicalOffset: entry.physicalOffset,
      queueOffset: entry.queueOffset,
    })
    return true
  }
  const target = targetOf(decoded.value)
  if (target === undefined) {
    log.error('SCHEDULED_RECORD_WITHOUT_TARGET', { physicalOffset: entry.physicalOffset })
    return true
  }
  const written = await writeDraft(parts, { ...draftOf(parts, decoded.value), ...target }, flushMode(parts))
  if ('placed' in written) return true
  log.warn('SCHEDULED_MESSAGE_REFUSED', { ...target, code: written.code, remark: written.remark })
  return false
}

function targetOf({ properties }: MessageExt): { topic: string; queueId: number } | undefined {
  const topic = properties[Property.REAL_TOPIC]
  const queueId = Number(properties[Property.REAL_QID])
  // Apache discards what would go to the half topic: it cannot have come from there.
  if (topic === undefined || topic === SystemTopic.TRANS_HALF || !(queueId >= 0)) return undefined
  return { topic, queueId }
}

function draftOf({ storeHost }: ScheduleParts, message: MessageExt) {
  return {
    body: message.body,
    properties: encodeProperties(message.properties),
    flag: message.flag,
    sysFlag: message.sysFlag,
    bornTimestamp: message.bornTimestamp,
    bornHost: message.bornHost,
    storeHost,
    reconsumeTimes: message.reconsumeTimes,
    preparedTransactionOffset: message.preparedTransactionOffset,
  }
}
