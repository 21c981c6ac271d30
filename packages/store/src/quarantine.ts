import type { Clock, Disk, Log } from '@rockhopper/env'
import { rethrowAssertion } from './full-write.js'
import { type StateFile, stateFile } from './state-file.js'

/** What is kept in the file at most; more damage than this is reported, but forgotten over a restart. */
const RANGES_MAX = 10_000

/** Bytes of the log that were durable once and are no record any more. They are kept as they are. */
export interface QuarantinedRange {
  /** Physical offset. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
  /** Ms since 1970. */
  readonly foundAt: number
}

/**
 * The damaged ranges of a log, in `rockhopper/quarantine.json` (reliability-checklist 4). Finding one is
 * told at once, loudly, and once; `save` makes it outlive the process.
 */
export class Quarantine {
  readonly #clock: Clock
  readonly #log: Log
  readonly #file: StateFile
  #ranges: QuarantinedRange[] = []
  #dirty = false

  constructor(env: { readonly clock: Clock; readonly disk: Disk; readonly log: Log }, path: string) {
    this.#clock = env.clock
    this.#log = env.log
    this.#file = stateFile(env.disk, path)
  }

  /** A list that cannot be read is forgotten: the damage is found again when it is read. */
  load(): void {
    try {
      this.#ranges = this.#file.load(parse) ?? []
    } catch (error) {
      rethrowAssertion(error)
      this.#log.warn('quarantine-unreadable', { error: String(error) })
    }
  }

  /** Ascending, without overlaps. */
  get ranges(): readonly QuarantinedRange[] {
    return this.#ranges
  }

  get isDirty(): boolean {
    return this.#dirty
  }

  overlaps(offset: number, length: number): boolean {
    const ranges = this.#ranges
    if (ranges.length === 0) return false
    let low = 0
    let high = ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const range = ranges[middle] as QuarantinedRange
      if (range.offset + range.length <= offset) low = middle + 1
      else high = middle
    }
    const found = ranges[low]
    return found !== undefined && found.offset < offset + length
  }

  add(offset: number, length: number): void {
    if (length <= 0 || this.#covers(offset, length)) return
    const foundAt = this.#clock.now()
    this.#log.error('log-damaged', {
      offset,
      length,
      remedy:
        'these bytes were durable and are no record any more: replace the disk; messages in them are gaps',
    })
    this.#ranges = merged([...this.#ranges, { offset, length, foundAt }]).slice(0, RANGES_MAX)
    this.#dirty = true
  }

  /** The log ends here now: what was behind is no damage any more. */
  cut(physicalOffset: number): void {
    this.#keep(({ offset }) => offset < physicalOffset)
  }

  /** The log begins here now. */
  removeBefore(physicalOffset: number): void {
    this.#keep(({ offset, length }) => offset + length > physicalOffset)
  }

  /** Throws what the disk throws; then the next call tries again. */
  async save(): Promise<void> {
    if (!this.#dirty) return
    this.#dirty = false
    try {
      await this.#file.save(`${JSON.stringify({ ranges: this.#ranges }, undefined, 2)}\n`)
    } catch (error) {
      this.#dirty = true
      throw error
    }
  }

  #covers(offset: number, length: number): boolean {
    return this.#ranges.some(
      (range) => range.offset <= offset && range.offset + range.length >= offset + length,
    )
  }

  #keep(wanted: (range: QuarantinedRange) => boolean): void {
    const kept = this.#ranges.filter(wanted)
    if (kept.length === this.#ranges.length) return
    this.#ranges = kept
    this.#dirty = true
  }
}

function merged(ranges: readonly QuarantinedRange[]): QuarantinedRange[] {
  const result: QuarantinedRange[] = []
  for (const range of [...ranges].sort((a, b) => a.offset - b.offset)) {
    const last = result.at(-1)
    if (last === undefined || last.offset + last.length < range.offset) {
      result.push(range)
      continue
    }
    const end = Math.max(last.offset + last.length, range.offset + range.length)
    result[result.length - 1] = { ...last, length: end - last.offset }
  }
  return result
}

function parse(text: string): QuarantinedRange[] {
  const { ranges } = JSON.parse(text) as { ranges: QuarantinedRange[] }
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
  return merged(ranges.filter(({ offset, length }) => isCount(offset) && isCount(length) && length > 0))
}
