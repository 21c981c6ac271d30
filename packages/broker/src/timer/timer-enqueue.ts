import { javaHashCode, type MessageExt, type Properties, Property, SystemTopic } from '@rockhopper/message'
import { type QueueEntry, TimerMagic, type TimerStore, type TimerUnit } from '@rockhopper/store'
import { TurnTime } from '../turn-time.js'
import { WakeableLoop } from '../wakeable-loop.js'
import type { TickPointer } from './tick-pointer.js'
import { type DeliveryParts, NEVER_ENQUEUED, readParked, type TimerDelivery } from './timer-delivery.js'
import type { TimerMetrics } from './timer-metrics.js'

/** Messages read at once, and at most so many bytes of them. */
const BATCH = 128
const BATCH_SIZE = 4 * 1024 * 1024

export interface EnqueueOptions {
  readonly parts: DeliveryParts
  readonly timers: TimerStore
  readonly pointer: TickPointer
  readonly delivery: TimerDelivery
  readonly metrics: TimerMetrics
  /** Ticks a message may wait at once; a longer wait is rolled. */
  readonly rollWindowSlots: number
  /** A message waits in the slot of this time. */
  readonly added: (timeMs: number) => void
}

interface ParkedMessage {
  readonly unit: Pick<TimerUnit, 'magic' | 'physicalOffset' | 'size'>
  /** TIMER_OUT_MS. */
  readonly outMs: number
  readonly properties: Properties
}

/**
 * Takes what arrives in the timer topic into the wheel, in order (Apache: TimerEnqueueGetService and
 * TimerEnqueuePutService). What is due already goes straight to its queue.
 */
export class TimerEnqueue {
  readonly #options: EnqueueOptions
  readonly #loop: WakeableLoop
  #queueOffset: number
  /** Physical offsets of messages at or behind the start that are in the timer log. */
  #known = new Set<number>()
  #recovered = false
  total = 0

  constructor(options: EnqueueOptions) {
    this.#options = options
    this.#queueOffset = options.timers.progress.masterTimerQueueOffset
    const { clock, log } = options.parts
    this.#loop = new WakeableLoop({ clock, log, code: 'TIMER_ENQUEUE_FAILED' }, () => this.#run())
  }

  /** The next message of the timer topic to take: those before it are in the timer log or delivered. */
  get queueOffset(): number {
    return this.#queueOffset
  }

  /** Messages of the timer topic that are not in the wheel yet. */
  get behind(): number {
    return Math.max(0, this.#options.parts.store.maxOffset(SystemTopic.TIMER, 0) - this.#queueOffset)
  }

  start(): void {
    this.#loop.start()
  }

  wake(): void {
    this.#loop.wake()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /**
   * Begins where the checkpoint says. Messages behind it that have a unit in the log are not taken twice,
   * unlike in Apache's recovery. A log that lost units which were durable is filled again from the topic.
   */
  async #recover(): Promise<void> {
    const { parts, timers } = this.#options
    const { lastTimerLogFlushPos, masterTimerQueueOffset: saved } = timers.progress
    const minOffset = parts.store.minOffset(SystemTopic.TIMER, 0)
    const maxOffset = parts.store.maxOffset(SystemTopic.TIMER, 0)
    const from = timers.logEnd < lastTimerLogFlushPos ? Math.min(saved, await this.#behindLog()) : saved
    this.#queueOffset = Math.min(Math.max(from, minOffset), maxOffset)
    const [first] = await parts.store.queueEntries(SystemTopic.TIMER, 0, this.#queueOffset, 1)
    const fromPhysical = first?.physicalOffset ?? Number.POSITIVE_INFINITY
    for (const { physicalOffset } of timers.unitsBefore(timers.logEnd)) {
      if (physicalOffset < fromPhysical) break
      this.#known.add(physicalOffset)
    }
  }

  /** Queue offset behind the message of the last unit. */
  async #behindLog(): Promise<number> {
    const { parts, timers } = this.#options
    for (const { physicalOffset } of timers.unitsBefore(timers.logEnd)) {
      const message = await readParked(parts, physicalOffset)
      if (message !== undefined) return message.queueOffset + 1
    }
    return 0
  }

  async #run(): Promise<number | undefined> {
    const { store } = this.#options.parts
    if (!this.#recovered) await this.#recover()
    this.#recovered = true
    const turn = new TurnTime(this.#options.parts.clock)
    while (!this.#loop.stopped) {
      // What is in memory is read without waiting: a long backlog would let nobody else run.
      await turn.pause()
      this.#queueOffset = Math.max(this.#queueOffset, store.minOffset(SystemTopic.TIMER, 0))
      const entries = await store.queueEntries(SystemTopic.TIMER, 0, this.#queueOffset, BATCH)
      if (entries.length === 0) break
      if (!(await this.#take(limited(entries)))) break
    }
    return undefined
  }

  /** False when `stop` ended it. What was taken is not taken again when a part of the batch fails. */
  async #take(entries: readonly QueueEntry[]): Promise<boolean> {
    const { delivery, parts, pointer } = this.#options
    const fresh = entries.filter(({ physicalOffset }) => !this.#known.has(physicalOffset))
    const messages = await Promise.all(fresh.map((entry) => readParked(parts, entry.physicalOffset)))
    let parked = fresh.flatMap((entry, index) => this.#parked(entry, messages[index]))
    while (parked.length > 0) {
      const writeTimeMs = pointer.writeTimeMs()
      const late = parked.filter(({ outMs }) => outMs < writeTimeMs)
      if (late.length === 0) {
        for (const message of parked) this.#add(message, writeTimeMs)
        break
      }
      const due = late.map(({ unit }) => ({ unit, enqueueTime: NEVER_ENQUEUED }))
      if (!(await delivery.deliver(due, () => false))) return false
      for (const { unit } of late) this.#known.add(unit.physicalOffset)
      // It took time: others may be due by now.
      parked = parked.filter((message) => !late.includes(message))
    }
    this.total += fresh.length
    for (const { physicalOffset } of entries) this.#known.delete(physicalOffset)
    this.#queueOffset = (entries.at(-1) as QueueEntry).queueOffset + 1
    return true
  }

  #parked({ physicalOffset, size }: QueueEntry, message: MessageExt | undefined): ParkedMessage[] {
    if (message === undefined) return []
    const text = message.properties[Property.TIMER_OUT_MS] ?? ''
    if (/^\d{1,15}$/.test(text)) {
      const unit = { magic: TimerMagic.DEFAULT, physicalOffset, size }
      return [{ unit, outMs: Number(text), properties: message.properties }]
    }
    this.#options.parts.log.error('TIMER_RECORD_WITHOUT_TIME', { physicalOffset })
    return []
  }

  /** Apache: TimerMessageStore.doEnqueue. */
  #add({ outMs, properties, unit }: ParkedMessage, writeTimeMs: number): void {
    const { added, metrics, timers } = this.#options
    const timeMs = this.#slotTime(outMs, writeTimeMs)
    const recall = properties[Property.TIMER_DEL_UNIQKEY] !== undefined
    const magic =
      TimerMagic.DEFAULT | (timeMs === outMs ? 0 : TimerMagic.ROLL) | (recall ? TimerMagic.DELETE : 0)
    const topic = properties[Property.REAL_TOPIC]
    const topicHash = topic === undefined ? 0 : javaHashCode(topic)
    timers.add({ ...unit, magic, writeTimeMs, timeMs, topicHash })
    this.#known.add(unit.physicalOffset)
    if (topic !== undefined) metrics.add(topic, recall ? -1 : 1)
    added(timeMs)
  }

  /** A wait beyond the window is cut to it, or to half of it when little would be left. */
  #slotTime(outMs: number, writeTimeMs: number): number {
    const { rollWindowSlots, timers } = this.#options
    const { precisionMs } = timers
    const windowMs = rollWindowSlots * precisionMs
    if (outMs - writeTimeMs < windowMs) return outMs
    const leftMs = outMs - writeTimeMs - windowMs
    if (leftMs < Math.trunc(rollWindowSlots / 3) * precisionMs) {
      return writeTimeMs + Math.trunc(rollWindowSlots / 2) * precisionMs
    }
    return writeTimeMs + windowMs
  }
}

function limited(entries: readonly QueueEntry[]): readonly QueueEntry[] {
  let size = 0
  const end = entries.findIndex((entry) => (size += entry.size) > BATCH_SIZE)
  return end < 0 ? entries : entries.slice(0, Math.max(1, end))
}
