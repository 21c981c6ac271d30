import { type MessageExt, Property } from '@rockhopper/message'
import type { TimerStore, TimerUnit } from '@rockhopper/store'
import { TurnTime } from '../turn-time.js'
import { WakeableLoop } from '../wakeable-loop.js'
import type { TickPointer } from './tick-pointer.js'
import { deleteKey } from './timed-message.js'
import { type DeliveryParts, type DueMessage, readParked, type TimerDelivery } from './timer-delivery.js'
import type { TimerMetrics } from './timer-metrics.js'

/** Messages delivered in one piece, and at most so many bytes of them: some ms of the loop. */
const BATCH = 128
const BATCH_SIZE = 4 * 1024 * 1024
/** Slots of the wheel looked through in one turn of the loop. */
const SLOTS_PER_TURN = 8_192
/** Slots looked ahead for the next tick with messages. */
const SLOTS_AHEAD = 64
/** Longest sleep: the wall clock may be set forward meanwhile. */
const IDLE_MS = 10_000

export interface DequeueOptions {
  readonly parts: DeliveryParts
  readonly timers: TimerStore
  readonly pointer: TickPointer
  readonly delivery: TimerDelivery
  readonly metrics: TimerMetrics
}

/** Delivers the ticks that are over, one after the other (Apache: TimerMessageStore.dequeue). */
export class TimerDequeue {
  readonly #options: DequeueOptions
  readonly #loop: WakeableLoop
  /** Wall clock at which it looks again; puts into an earlier tick wake it. */
  #wakeAtMs = 0

  constructor(options: DequeueOptions) {
    this.#options = options
    const { clock, log } = options.parts
    this.#loop = new WakeableLoop({ clock, log, code: 'TIMER_DEQUEUE_FAILED' }, () => this.#run())
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** A message was put into the tick that begins at `timeMs`. */
  added(timeMs: number): void {
    if (timeMs + this.#options.timers.precisionMs < this.#wakeAtMs) this.#loop.wake()
  }

  /** Returns how long nothing is due. */
  async #run(): Promise<number | undefined> {
    const { pointer, timers } = this.#options
    this.#wakeAtMs = 0
    while (!this.#loop.stopped) {
      const writeTimeMs = pointer.writeTimeMs()
      const toMs = Math.min(writeTimeMs, pointer.readTimeMs + SLOTS_PER_TURN * timers.precisionMs)
      const timeMs = timers.nextSlot(pointer.readTimeMs, toMs)
      if (timeMs === undefined) {
        pointer.moveTo(toMs)
        if (toMs === writeTimeMs) return this.#sleep(writeTimeMs)
        await this.#nextTurn()
        continue
      }
      pointer.moveTo(timeMs)
      pointer.begin()
      let done = false
      try {
        done = await this.#deliverSlot(timeMs)
      } finally {
        if (done) pointer.end()
        else pointer.breakOff()
      }
    }
    return undefined
  }

  #sleep(writeTimeMs: number): number {
    const { parts, timers } = this.#options
    const now = parts.clock.now()
    const next = timers.nextSlot(writeTimeMs, writeTimeMs + SLOTS_AHEAD * timers.precisionMs)
    const waitMs = next === undefined ? IDLE_MS : next + timers.precisionMs - now
    const sleepMs = Math.max(1, Math.min(IDLE_MS, waitMs))
    this.#wakeAtMs = now + sleepMs
    return sleepMs
  }

  /** False when `stop` ended it. */
  async #deliverSlot(timeMs: number): Promise<boolean> {
    const { delivery, metrics, pointer, timers } = this.#options
    const { messages, recalls } = await timers.list(timeMs, pointer.fromPos)
    const recalled = await this.#recalledKeys(recalls)
    const unused = new Set(recalled)
    const skip = ({ properties }: MessageExt) => {
      const key = keyOf(properties[Property.REAL_TOPIC], properties[Property.UNIQ_KEY])
      if (key === undefined || !recalled.has(key)) return false
      unused.delete(key)
      return true
    }
    for (let at = 0; at < messages.length; ) {
      if (this.#loop.stopped) return false
      const { due, next } = this.#batch(messages, at)
      if (!(await delivery.deliver(due, skip))) return false
      pointer.delivered((messages[next - 1] as number) + 1)
      at = next
      await this.#nextTurn()
    }
    // A recall that found no message took one off its topic's count.
    for (const key of unused) metrics.add(key.slice(0, key.lastIndexOf('+')), 1)
    return true
  }

  #batch(positions: readonly number[], from: number): { due: DueMessage[]; next: number } {
    const due: DueMessage[] = []
    let size = 0
    let next = from
    for (; next < positions.length && due.length < BATCH; next++) {
      const unit: TimerUnit | undefined = this.#options.timers.unit(positions[next] as number)
      if (unit === undefined) continue
      size += unit.size
      if (due.length > 0 && size > BATCH_SIZE) break
      due.push({ unit, enqueueTime: String(unit.writeTimeMs) })
    }
    return { due, next }
  }

  async #recalledKeys(positions: readonly number[]): Promise<ReadonlySet<string>> {
    const { parts, timers } = this.#options
    const keys = new Set<string>()
    const turn = new TurnTime(parts.clock)
    for (const position of positions) {
      await turn.pause()
      const unit = timers.unit(position)
      const message = unit && (await readParked(parts, unit.physicalOffset))
      const key = message?.properties[Property.TIMER_DEL_UNIQKEY]
      if (key !== undefined) keys.add(key)
    }
    return keys
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#options.parts.clock.endOfTurn(resolve))
  }
}

function keyOf(topic: string | undefined, uniqueKey: string | undefined): string | undefined {
  return topic === undefined || uniqueKey === undefined ? undefined : deleteKey(topic, uniqueKey)
}
