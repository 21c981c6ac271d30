import { AssertionError } from 'node:assert'
import {
  decodeRecord,
  encodeProperties,
  type MessageExt,
  PROPERTIES_SIZE_MAX,
  type Properties,
  Property,
  type RecordDraft,
} from '@rockhopper/message'
import { TimerMagic, type TimerUnit } from '@rockhopper/store'
import { refuseWrite, settle, type WriterParts, type Written } from '../message-writer.js'
import type { BrokerParts } from '../parts.js'
import type { TimerMetrics } from './timer-metrics.js'

/** Java's Long.MAX_VALUE: the message was due before it came to the wheel. */
export const NEVER_ENQUEUED = '9223372036854775807'

/** Pause after a delivery that the store refused (Apache: 500 ms for ticks of 1000 ms). */
const RETRY_AFTER_MS = 500
/** A disk that is full refuses the same messages twice a second, for hours. */
const TOLD_EVERY_MS = 10_000

export type DeliveryParts = WriterParts & Pick<BrokerParts, 'clock' | 'log'>

/** A message to deliver, or to park again. */
export interface DueMessage {
  readonly unit: Pick<TimerUnit, 'magic' | 'physicalOffset' | 'size'>
  /** TIMER_ENQUEUE_MS. */
  readonly enqueueTime: string
}

/** A parked record, without the bytes it was read from; undefined when the log has none there. */
export async function readParked(
  { log, store }: DeliveryParts,
  physicalOffset: number,
): Promise<MessageExt | undefined> {
  const record = await store.lookMessageByOffset(physicalOffset)
  const decoded = record && decodeRecord(record, 0)
  if (decoded?.ok) return decoded.value
  log.error('TIMER_RECORD_MISSING', { physicalOffset })
  return undefined
}

export class TimerDelivery {
  readonly #parts: DeliveryParts
  readonly #metrics: TimerMetrics
  /** Physical offset behind the last delivery. */
  #end = 0
  #stopped = false
  #stop: () => void = () => {}
  readonly #stopping: Promise<void>
  total = 0
  /** Refusals since the last warning, and when that was; monotonic ms. */
  #refused = 0
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(parts: DeliveryParts, metrics: TimerMetrics) {
    this.#parts = parts
    this.#metrics = metrics
    this.#stopping = new Promise((resolve) => {
      this.#stop = resolve
    })
  }

  /** What was delivered is durable once the store's `synced` is here. */
  get end(): number {
    return this.#end
  }

  /** Refused deliveries are not tried again. */
  stop(): void {
    this.#stopped = true
    this.#stop()
  }

  /**
   * Stores messages in their real queues, in their order, and those that roll in the timer topic again. What
   * the store refuses is tried until it takes it: unlike Apache, which drops a message after three tries.
   * `skip` tells the messages that were recalled. False when `stop` ended it.
   */
  async deliver(due: readonly DueMessage[], skip: (message: MessageExt) => boolean): Promise<boolean> {
    const messages = await Promise.all(due.map(({ unit }) => readParked(this.#parts, unit.physicalOffset)))
    let drafts: RecordDraft[] = []
    due.forEach(({ unit, enqueueTime }, index) => {
      const message = messages[index]
      if (message === undefined || skip(message)) return
      const draft = this.#draftOf(message, unit, enqueueTime)
      if (draft !== undefined) drafts.push(draft)
    })
    while (drafts.length > 0) {
      drafts = await this.#put(drafts)
      if (drafts.length === 0) break
      if (this.#stopped) return false
      await this.#pause()
    }
    return true
  }

  /** Returns those that were not stored, in their order. */
  async #put(drafts: readonly RecordDraft[]): Promise<RecordDraft[]> {
    const { store } = this.#parts
    const placed: Promise<Written>[] = []
    for (const draft of drafts) {
      // Behind one that is refused nothing is placed: the order within a queue stays.
      if (refuseWrite(this.#parts) !== undefined) break
      const result = store.place(draft)
      placed.push(settle(this.#parts, result, 'written', 1))
      if (result.status !== 'PUT_OK' && !isFinal(result.status)) break
    }
    const results = await Promise.all(placed)
    return drafts.filter((draft, index) => !this.#isDone(draft, results[index]))
  }

  #isDone(draft: RecordDraft, written: Written | undefined): boolean {
    if (written === undefined) return false
    if ('placed' in written) {
      this.#end = Math.max(this.#end, written.placed.end)
      this.total++
      return true
    }
    const { code, remark } = written
    const { queueId, topic } = draft
    if (code === MESSAGE_ILLEGAL) {
      this.#parts.log.error('TIMER_MESSAGE_DROPPED', { topic, queueId, code, remark })
      return true
    }
    this.#tellRefused({ topic, queueId, code, remark })
    return false
  }

  /** The first one at once, then how many there were. */
  #tellRefused(last: Readonly<Record<string, unknown>>): void {
    const { clock, log } = this.#parts
    this.#refused++
    if (clock.monotonic() - this.#toldAt < TOLD_EVERY_MS) return
    log.warn('TIMER_MESSAGE_REFUSED', { ...last, refusals: this.#refused })
    this.#toldAt = clock.monotonic()
    this.#refused = 0
  }

  /** Apache: TimerMessageStore.convert. Undefined for what has nowhere to go. */
  #draftOf(message: MessageExt, unit: DueMessage['unit'], enqueueTime: string): RecordDraft | undefined {
    const { clock, log } = this.#parts
    const { properties } = message
    const roll = (unit.magic & TimerMagic.ROLL) !== 0
    const real = targetOf(properties)
    if (real === undefined) {
      log.error('TIMER_RECORD_WITHOUT_TARGET', { physicalOffset: unit.physicalOffset })
      return undefined
    }
    if (!roll && properties[Property.TIMER_DEL_UNIQKEY] !== undefined) {
      log.warn('TIMER_RECALL_TOO_LATE', { physicalOffset: unit.physicalOffset })
      return undefined
    }
    const added: Properties = {
      [Property.TIMER_ENQUEUE_MS]: enqueueTime,
      [Property.TIMER_DEQUEUE_MS]: String(clock.now()),
    }
    if (roll) added[Property.TIMER_ROLL_TIMES] = String(rollTimes(properties) + 1)
    if (enqueueTime !== NEVER_ENQUEUED) this.#metrics.add(real.topic, -1)
    const { body, bornHost, bornTimestamp, flag, queueId, reconsumeTimes, storeHost, sysFlag, topic } =
      message
    const shared = { body, bornHost, bornTimestamp, flag, reconsumeTimes, storeHost, sysFlag }
    const target = roll ? { topic, queueId } : real
    return { ...shared, ...target, properties: fitted(properties, added), preparedTransactionOffset: 0 }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(RETRY_AFTER_MS, resolve)
      this.#stopping.then(() => {
        cancel()
        resolve()
      }, rethrow)
    })
  }
}

const MESSAGE_ILLEGAL = 13

/** What trying again cannot change. */
function isFinal(status: string): boolean {
  return status === 'MESSAGE_ILLEGAL' || status === 'PROPERTIES_SIZE_EXCEEDED'
}

/** What the timer notes must not make an accepted message too large to deliver. */
function fitted(properties: Properties, added: Properties): Buffer {
  const all = encodeProperties({ ...properties, ...added })
  return all.length <= PROPERTIES_SIZE_MAX ? all : encodeProperties(properties)
}

function targetOf(properties: Properties): { topic: string; queueId: number } | undefined {
  const topic = properties[Property.REAL_TOPIC]
  const queueId = Number(properties[Property.REAL_QID])
  return topic !== undefined && Number.isInteger(queueId) && queueId >= 0 ? { topic, queueId } : undefined
}

function rollTimes(properties: Properties): number {
  const times = Number(properties[Property.TIMER_ROLL_TIMES] ?? 0)
  return Number.isSafeInteger(times) ? times : 0
}

function rethrow(error: unknown): never {
  throw error
}

/** Our own mistakes are no news of the disk. */
export function throwAssertion(error: unknown): void {
  if (error instanceof AssertionError) throw error
}
