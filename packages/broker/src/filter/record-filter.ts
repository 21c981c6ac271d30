import type { Clock } from '@rockhopper/env'
import {
  compileSql92,
  Property,
  propertyValueEnd,
  propertyValueStart,
  type Sql92Filter,
  type Sql92Result,
} from '@rockhopper/message'

/** What a filter may take of one pull, ms: then the pull ends with what it has (reliability-checklist 43). */
const BUDGET_MS = 5
/** Expressions kept compiled: a pull that brings its own brings it each time (Apache: PARSE_CACHE). */
const COMPILED_MAX = 100

/** Decides by encoded properties, bytes[from, to). */
export type PropertiesFilter = (bytes: Buffer, from: number, to: number) => boolean

/** SQL92 expressions, each compiled once. */
export class CompiledFilters {
  readonly #compiled = new Map<string, Sql92Result>()

  compile(expression: string): Sql92Result {
    const known = this.#compiled.get(expression)
    if (known !== undefined) return known
    const result = compileSql92(expression)
    const [oldest] = this.#compiled.keys()
    if (this.#compiled.size >= COMPILED_MAX && oldest !== undefined) this.#compiled.delete(oldest)
    this.#compiled.set(expression, result)
    return result
  }
}

/** Reads only the properties that the expression asks for, where they lie. */
export function propertiesFilter({ matches, names }: Sql92Filter): PropertiesFilter {
  const encoded = new Map(names.map((name) => [name, Buffer.from(name)]))
  return (bytes, from, to) => matches((name) => propertyText(bytes, from, to, encoded.get(name) as Buffer))
}

const RETRY_TOPIC = Buffer.from(Property.RETRY_TOPIC)

/** The topic that a message of a retry topic was consumed from. */
export function originalTopic(bytes: Buffer, from: number, to: number): string | undefined {
  return propertyText(bytes, from, to, RETRY_TOPIC)
}

function propertyText(bytes: Buffer, from: number, to: number, name: Uint8Array): string | undefined {
  const start = propertyValueStart(bytes, from, to, name)
  return start < 0 ? undefined : bytes.toString('utf8', start, propertyValueEnd(bytes, start, to))
}

/** A message whose filter took less is no reason to look at the clock for the next ones, ms. */
const QUICK_MS = 0.05
const UNTIMED = 15

/**
 * One look of a filter at the records of one read: how the store asks, and when it took long enough. While
 * messages are quick one of 16 is timed, and counts for all: the clock cost as much as the filter.
 */
export class FilteredRead {
  readonly #clock: Clock
  readonly #filter: PropertiesFilter
  #spentMs = 0
  #untimed = 0

  constructor(clock: Clock, filter: PropertiesFilter) {
    this.#clock = clock
    this.#filter = filter
  }

  readonly matchesProperties: PropertiesFilter = (bytes, from, to) => {
    if (this.#untimed > 0) {
      this.#untimed--
      return this.#filter(bytes, from, to)
    }
    const startedAt = this.#clock.monotonic()
    const matches = this.#filter(bytes, from, to)
    const tookMs = this.#clock.monotonic() - startedAt
    this.#untimed = tookMs < QUICK_MS ? UNTIMED : 0
    this.#spentMs += tookMs * (this.#untimed + 1)
    return matches
  }

  readonly enough = (): boolean => this.#spentMs >= BUDGET_MS
}
