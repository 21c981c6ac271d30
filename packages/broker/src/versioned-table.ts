import type { Clock } from '@rockhopper/env'
import type { DataVersion } from '@rockhopper/remoting'
import type { StateFile } from '@rockhopper/store'

/** Names come from the wire: one table never holds more. */
const ENTRIES_MAX = 100_000

export interface VersionedTableParts<C> {
  readonly clock: Clock
  readonly file: StateFile
  readonly saved: { readonly entries: ReadonlyMap<string, C>; readonly dataVersion: DataVersion } | undefined
  /** The file's text. */
  readonly render: (entries: ReadonlyMap<string, C>, dataVersion: DataVersion) => string
}

/**
 * Named configurations that are acknowledged only when they are on disk: a change is staged, saved, and
 * only then visible, so that nobody can act on a topic that a crash would take back.
 */
export class VersionedTable<C> {
  readonly #parts: VersionedTableParts<C>
  readonly #entries: Map<string, C>
  readonly #staged = new Map<string, C | undefined>()
  #dataVersion: DataVersion

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

  /** Known from the start, written with the next change (store-format.md section 12). */
  preset(name: string, config: C): void {
    if (!this.#entries.has(name)) this.#entries.set(name, config)
  }

  get full(): boolean {
    return this.#entries.size + this.#staged.size >= ENTRIES_MAX
  }

  /**
   * Resolves when the change is durable and visible; rejects, with nothing changed, when the disk refused.
   */
  async put(name: string, config: C): Promise<void> {
    await this.#change(name, config)
  }

  /** False when there was none. */
  async delete(name: string): Promise<boolean> {
    if (!this.#entries.has(name)) return false
    await this.#change(name, undefined)
    return true
  }

  async #change(name: string, config: C | undefined): Promise<void> {
    const { clock, file, render } = this.#parts
    this.#staged.set(name, config)
    const next = new Map(this.#entries)
    for (const [staged, value] of this.#staged) {
      if (value === undefined) next.delete(staged)
      else next.set(staged, value)
    }
    const savedVersion = {
      ...this.#dataVersion,
      counter: this.#dataVersion.counter + this.#staged.size,
      timestamp: clock.now(),
    }
    try {
      await file.save(render(next, savedVersion))
    } finally {
      if (this.#staged.get(name) === config) this.#staged.delete(name)
    }
    if (config === undefined) this.#entries.delete(name)
    else this.#entries.set(name, config)
    const { stateVersion, counter } = this.#dataVersion
    this.#dataVersion = { counter: counter + 1, stateVersion, timestamp: clock.now() }
  }
}
