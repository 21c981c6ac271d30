import type { Clock } from '@rockhopper/env'
import { ConsumerOffsetWrapper, type DataVersion } from '@rockhopper/remoting'
import type { StateFile } from '@rockhopper/store'
import { prettyJson } from './pretty-json.js'

/** Queues with an offset, of all topics and groups: they come from the wire. Past it a commit is refused. */
export const OFFSETS_MAX = 500_000
const SEPARATOR = '@'

export interface ConsumerOffsetsParts {
  readonly clock: Clock
  readonly file: StateFile
  readonly saved: ConsumerOffsetWrapper | undefined
}

/**
 * Where each group stands in each queue (Apache: ConsumerOffsetManager). Committed in memory and written
 * every few seconds: after a crash an offset may go back, never forward. A pending reset hides the
 * committed offset until a pull took it, and blocks commits of clients that do not know of it yet.
 */
export class ConsumerOffsets {
  readonly #clock: Clock
  readonly #file: StateFile
  /** `topic@group` to queueId to the next queue offset to consume. */
  readonly #offsets = new Map<string, Map<number, number>>()
  readonly #resets = new Map<string, Map<number, number>>()
  #dataVersion: DataVersion
  #dirty = false
  /** Queues in `#offsets`. */
  #count = 0

  constructor({ clock, file, saved }: ConsumerOffsetsParts) {
    this.#clock = clock
    this.#file = file
    this.#dataVersion = saved?.dataVersion ?? { counter: 0, stateVersion: 0, timestamp: clock.now() }
    for (const [key, queues] of saved?.offsetTable ?? []) {
      this.#offsets.set(key, new Map(queues))
      this.#count += queues.size
    }
  }

  /** The pending reset, else what was committed, else undefined. */
  get(consumerGroup: string, topic: string, queueId: number): number | undefined {
    const key = topic + SEPARATOR + consumerGroup
    return this.#resets.get(key)?.get(queueId) ?? this.#offsets.get(key)?.get(queueId)
  }

  committed(consumerGroup: string, topic: string, queueId: number): number | undefined {
    return this.#offsets.get(topic + SEPARATOR + consumerGroup)?.get(queueId)
  }

  /** False when the table is full. May move back: clients reset themselves so. */
  commit(consumerGroup: string, topic: string, queueId: number, queueOffset: number): boolean {
    const key = topic + SEPARATOR + consumerGroup
    const queues = this.#offsets.get(key) ?? new Map<number, number>()
    const before = queues.get(queueId)
    if (before === queueOffset) return true
    if (before === undefined) {
      if (this.#count >= OFFSETS_MAX) return false
      this.#count++
      this.#offsets.set(key, queues)
    }
    queues.set(queueId, queueOffset)
    this.#changed()
    return true
  }

  /** As `commit`, for every queue of the topic that the source has an offset of. */
  clone(srcGroup: string, destGroup: string, topic: string): boolean {
    const queues = [...(this.#offsets.get(topic + SEPARATOR + srcGroup) ?? [])]
    return queues.every(([queueId, queueOffset]) => this.commit(destGroup, topic, queueId, queueOffset))
  }

  hasReset(consumerGroup: string, topic: string, queueId: number): boolean {
    return this.#resets.get(topic + SEPARATOR + consumerGroup)?.has(queueId) ?? false
  }

  /** The next pull of the queue is sent to `queueOffset` (remoting.md section 23). */
  reset(consumerGroup: string, topic: string, queueId: number, queueOffset: number): void {
    const key = topic + SEPARATOR + consumerGroup
    const queues = this.#resets.get(key) ?? new Map<number, number>()
    this.#resets.set(key, queues)
    queues.set(queueId, queueOffset)
    this.commit(consumerGroup, topic, queueId, queueOffset)
  }

  /** Takes the pending reset, if any: a pull tells its client of it. */
  takeReset(consumerGroup: string, topic: string, queueId: number): number | undefined {
    if (this.#resets.size === 0) return undefined
    const key = topic + SEPARATOR + consumerGroup
    const queues = this.#resets.get(key)
    const queueOffset = queues?.get(queueId)
    queues?.delete(queueId)
    if (queues?.size === 0) this.#resets.delete(key)
    return queueOffset
  }

  /** Groups with an offset in the topic. */
  groupsOf(topic: string): string[] {
    return this.#pairs()
      .filter(([pairTopic]) => pairTopic === topic)
      .map(([, group]) => group)
  }

  topicsOf(consumerGroup: string): string[] {
    return this.#pairs()
      .filter(([, group]) => group === consumerGroup)
      .map(([topic]) => topic)
  }

  deleteTopic(topic: string): void {
    this.#deleteWhere((pairTopic) => pairTopic === topic)
  }

  deleteGroup(consumerGroup: string): void {
    this.#deleteWhere((_, group) => group === consumerGroup)
  }

  /** consumerOffset.json (store-format.md section 12). */
  encode(): Buffer {
    return ConsumerOffsetWrapper.encode({ dataVersion: this.#dataVersion, offsetTable: this.#offsets })
  }

  /** Writes the file when something changed since the last write. */
  async persist(): Promise<void> {
    if (!this.#dirty) return
    this.#dirty = false
    try {
      await this.#file.save(prettyJson(this.encode()))
    } catch (error) {
      this.#dirty = true
      throw error
    }
  }

  #pairs(): [topic: string, group: string][] {
    return [...this.#offsets.keys()].map((key) => splitPair(key))
  }

  #deleteWhere(matches: (topic: string, group: string) => boolean): void {
    for (const table of [this.#offsets, this.#resets]) {
      for (const [key, queues] of table) {
        if (!matches(...splitPair(key))) continue
        table.delete(key)
        if (table === this.#offsets) this.#count -= queues.size
        this.#changed()
      }
    }
  }

  #changed(): void {
    const { stateVersion, counter } = this.#dataVersion
    if (!this.#dirty) this.#dataVersion = { counter: counter + 1, stateVersion, timestamp: this.#clock.now() }
    this.#dirty = true
  }
}

/** Names hold no `@`: their character set is checked before anything is committed. */
function splitPair(key: string): [topic: string, group: string] {
  const at = key.indexOf(SEPARATOR)
  return [key.slice(0, at), key.slice(at + 1)]
}
