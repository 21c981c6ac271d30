import type { Disk } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { type StateFile, stateFile } from '../state-file.js'

/**
 * Which topics were deleted, and up to which physical offset: their records stay in the log until retention
 * takes them, and must not make queues again, neither in recovery nor when queues are rebuilt
 * (reliability-checklist 7). The file is our own, Apache's broker does not look at it:
 *
 *     <store>/rockhopper/deletedTopics.json   {"version":1,"deletedTo":{"TopicTest":4096}}
 */
export class DeletedTopics {
  readonly #file: StateFile
  readonly #deletedTo = new Map<string, number>()
  #changed = false

  constructor(disk: Disk, path: string) {
    this.#file = stateFile(disk, path)
  }

  /** Throws MqError CONFIG_UNREADABLE naming the file when neither it nor its `.bak` can be read. */
  load(): void {
    this.#deletedTo.clear()
    for (const [topic, offset] of this.#file.load(parse) ?? []) this.#deletedTo.set(topic, offset)
  }

  /** Whether a record of a topic at this physical offset went with its topic. */
  has(topic: string, physicalOffset: number): boolean {
    return this.#deletedTo.size > 0 && physicalOffset < (this.#deletedTo.get(topic) ?? 0)
  }

  /** From now on, in memory: `save` makes it last. */
  add(topic: string, physicalOffset: number): void {
    if (physicalOffset <= (this.#deletedTo.get(topic) ?? 0)) return
    this.#deletedTo.set(topic, physicalOffset)
    this.#changed = true
  }

  /** The log ends here now: what is written from here on is of no deleted topic. */
  cut(physicalOffset: number): void {
    for (const [topic, deletedTo] of this.#deletedTo) {
      if (deletedTo <= physicalOffset) continue
      this.#deletedTo.set(topic, physicalOffset)
      this.#changed = true
    }
  }

  async cutAndSave(physicalOffset: number): Promise<void> {
    this.cut(physicalOffset)
    await this.save()
  }

  /** The log begins here now: nothing is left of what was deleted before. */
  prune(physicalOffset: number): void {
    for (const [topic, deletedTo] of this.#deletedTo) {
      if (deletedTo > physicalOffset) continue
      this.#deletedTo.delete(topic)
      this.#changed = true
    }
  }

  /** Resolves when all changes are durable. Rejects with DiskError; the next save tries again. */
  async save(): Promise<void> {
    if (!this.#changed) return
    this.#changed = false
    const deletedTo = Object.fromEntries(this.#deletedTo)
    try {
      await this.#file.save(JSON.stringify({ version: 1, deletedTo }))
    } catch (error) {
      this.#changed = true
      throw error
    }
  }
}

function parse(text: string): [string, number][] {
  const { version, deletedTo } = JSON.parse(text) as { version?: unknown; deletedTo?: unknown }
  const entries = typeof deletedTo === 'object' && deletedTo !== null ? Object.entries(deletedTo) : undefined
  if (version !== 1 || entries?.every(([, offset]) => Number.isSafeInteger(offset)) !== true) {
    throw new MqError('STORE_CORRUPT', 'reading the deleted topics: an unknown form')
  }
  return entries as [string, number][]
}
