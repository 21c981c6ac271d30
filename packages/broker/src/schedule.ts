import { SystemTopic } from '@rockhopper/message'
import { type DataVersion, DelayOffsetWrapper } from '@rockhopper/remoting'
import type { StateFile } from '@rockhopper/store'
import { prettyJson } from './pretty-json.js'
import { ScheduleLevel, type ScheduleParts } from './schedule-level.js'

/**
 * Delivers messages of delay levels (Apache: ScheduleMessageService; store-format.md section 13). One queue
 * per level, in order; it sleeps until the first message of a level is due, and never delivers before the
 * broker's clock says so.
 */
export class ScheduleService {
  readonly #parts: ScheduleParts
  readonly #levels: ScheduleLevel[]
  readonly #file: StateFile
  readonly #dataVersion: DataVersion
  #stopListening: (() => void) | undefined
  #saved = ''

  constructor(parts: ScheduleParts, file: StateFile, saved: DelayOffsetWrapper | undefined) {
    this.#parts = parts
    this.#file = file
    this.#dataVersion = saved?.dataVersion ?? { counter: 0, stateVersion: 0, timestamp: parts.clock.now() }
    this.#levels = parts.delayLevels.map(
      (delayMs, index) => new ScheduleLevel(parts, index, delayMs, saved?.offsetTable.get(index + 1) ?? 0),
    )
  }

  start(): void {
    this.#stopListening = this.#parts.store.onArrival(({ topic, queueId }) => {
      if (topic === SystemTopic.SCHEDULE) this.#levels[queueId]?.loop.wake()
    })
    for (const level of this.#levels) level.loop.start()
  }

  /** Deliveries in flight end before this resolves. */
  async stop(): Promise<void> {
    this.#stopListening?.()
    await Promise.all(this.#levels.map((level) => level.loop.stop()))
  }

  /** Level to next queue offset, and what its queue holds (code 28, `scheduleMessageOffset_<level>`). */
  progress(): { level: number; nextOffset: number; maxOffset: number }[] {
    return this.#levels.map(({ nextOffset }, index) => {
      return {
        level: index + 1,
        nextOffset,
        maxOffset: this.#parts.store.maxOffset(SystemTopic.SCHEDULE, index),
      }
    })
  }

  /** delayOffset.json (store-format.md section 12). */
  encode(): Buffer {
    const moved = this.#levels.map((level, index) => [index + 1, level.nextOffset] as const)
    const offsetTable = new Map(moved.filter(([, nextOffset]) => nextOffset > 0))
    return DelayOffsetWrapper.encode({ dataVersion: this.#dataVersion, offsetTable })
  }

  async persist(): Promise<void> {
    const text = prettyJson(this.encode())
    if (text === this.#saved) return
    await this.#file.save(text)
    this.#saved = text
  }
}
