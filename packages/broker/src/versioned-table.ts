import type { Clock } from '@rockhopper/env'
import type { DataVersion } from '@rockhopper/remoting'
import { rethrowAssertion, type StateFile } from '@rockhopper/store'
import { refusedByDisk } from './disk-refusal.js'

/** Names come from the wire: one table never holds more. */
const ENTRIES_MAX = 100_000

export interface VersionedTableParts<C> {
  readonly clock: Clock
  readonly file: StateFile
  /** Name of the file, for errors. */
  readonly what: string
  readonly saved: { readonly entries: ReadonlyMap<string, C>; readonly dataVersion: DataVersion } | undefined
  /** The file's text. */
  readonly render: (entries: ReadonlyMap<string, C>, dataVersion: DataVersion) => string
}

const NOTHING = () => {}

/**
 * Named configurations that are acknowledged only when they are on disk: a change is staged, saved, and
 * only then visible, so that nobody can act on a topic that a crash would take back.
 */
export class VersionedTable<C> {
  readonly #parts: VersionedTableParts<C>
  readonly #entries: Map<string, C>
  /** Changes that are in no write yet. */
  readonly #staged = new Map<string, C | undefined>()
  #stagedChanges = 0
  #running: Promise<void> = Promise.resolve()
  /** The write that takes what is staged. */
  #next: Promise<void> | undefined
  #dataVersion: DataVersion
  /** Counter of the version that each name came or changed with, since the start; later ones are last. */
  readonly #changedAt = new Map<string, number>()
  #deletedAt = -1

  constructor(parts: VersionedTableParts<C>) {
    this.#parts = parts
    this.#entries = new Map(parts.saved?.entries)
    this.#dataVersion = parts.saved?.dataVersion ?? {
      counter: 0,
      stateVersion: 0,
      timestamp: parts.clock.now(),
    }
  }

  get(name: string): C | undefined {
    return this.#entries.get(name)
  }

  get entries(): ReadonlyMap<string, C> {
    return this.#entries
  }

  get dataVersion(): DataVersion {
    return this.#dataVersion
  }

  /**
   * What came or changed behind a version of this life. Undefined when that does not tell all: something was
   * deleted.
   */
  changesSince(counter: number): ReadonlyMap<string, C> | undefined {
    if (this.#deletedAt > counter) return undefined
    const changes = new Map<string, C>()
    for (const [name, changedAt] of this.#changedAt) {
      const config = changedAt > counter ? this.#entries.get(name) : undefined
      if (config !== undefined) changes.set(name, config)
    }
    return changes
  }

  /** Known from the start, written with the next change (store-format.md section 12). */
  preset(name: string, config: C): void {
    if (!this.#entries.has(name)) this.#entries.set(name, config)
  }

  get full(): boolean {
    return this.#entries.size + this.#staged.size >= ENTRIES_MAX
  }

  /**
   * Resolves when the change is durable and visible. Of two changes of one name in one write the later one
   * counts. Rejects with MqError DISK_FULL or DISK_FAILED, with nothing changed, when the disk refused.
   */
  put(name: string, config: C): Promise<void> {
    return this.#change(name, config)
  }

  /** False when there was none. */
  async delete(name: string): Promise<boolean> {
    if (!this.#entries.has(name)) return false
    await this.#change(name, undefined)
    return true
  }

  /** One write at a time: what is changed while it is under way is in the next one, all of it. */
  #change(name: string, config: C | undefined): Promise<void> {
    this.#staged.set(name, config)
    this.#stagedChanges++
    this.#next ??= this.#saveNext()
    return this.#next
  }

  async #saveNext(): Promise<void> {
    // Whether the write before failed is the news of those who wait for it.
    await this.#running.then(NOTHING, NOTHING)
    const batch = new Map(this.#staged)
    const changes = this.#stagedChanges
    this.#staged.clear()
    this.#stagedChanges = 0
    this.#next = undefined
    this.#running = this.#save(batch, changes)
    await this.#running
  }

  async #save(batch: ReadonlyMap<string, C | undefined>, changes: number): Promise<void> {
    const { clock, file, render, what } = this.#parts
    const entries = new Map(this.#entries)
    apply(batch, entries)
    const { stateVersion, counter } = this.#dataVersion
    const dataVersion = { counter: counter + changes, stateVersion, timestamp: clock.now() }
    try {
      await file.save(render(entries, dataVersion))
    } catch (error) {
      rethrowAssertion(error)
      throw refusedByDisk(`saving ${what}`, error)
    }
    apply(batch, this.#entries)
    this.#dataVersion = dataVersion
    for (const [name, config] of batch) {
      this.#changedAt.delete(name)
      if (config === undefined) this.#deletedAt = dataVersion.counter
      else this.#changedAt.set(name, dataVersion.counter)
    }
  }
}

function apply<C>(batch: ReadonlyMap<string, C | undefined>, entries: Map<string, C>): void {
  for (const [name, config] of batch) {
    if (config === undefined) entries.delete(name)
    else entries.set(name, config)
  }
}
