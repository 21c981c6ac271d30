import type { Clock } from '@rockhopper/env'
import { type ConsumerFilterData, ConsumerFilterWrapper, type SubscriptionData } from '@rockhopper/remoting'
import type { StateFile } from '@rockhopper/store'
import { type CompiledFilters, type PropertiesFilter, propertiesFilter } from './record-filter.js'

/** Expressions remembered, of all groups. */
const FILTERS_MAX = 100_000
/** At a start every group is taken to have left so long ago, ms. */
const LEFT_BEFORE_MS = 30_000

export interface ConsumerFilter {
  readonly data: ConsumerFilterData
  readonly matches: PropertiesFilter
}

export interface ConsumerFiltersInput {
  readonly clock: Clock
  readonly compiled: CompiledFilters
  readonly file: StateFile
  readonly saved: ConsumerFilterWrapper | undefined
  /** How long the filter of a group that left is kept, ms. */
  readonly keptMs: () => number
}

export const isTagType = (type: string | undefined): boolean =>
  type === undefined || type === '' || type === 'TAG'

/** SQL92 expressions of groups by topic, as their heartbeats brought them (Apache: ConsumerFilterManager). */
export class ConsumerFilters {
  readonly #clock: Clock
  readonly #compiled: CompiledFilters
  readonly #file: StateFile
  readonly #keptMs: () => number
  readonly #groups = new Map<string, Map<string, ConsumerFilter>>()
  #count = 0
  #dirty = false

  constructor({ clock, compiled, file, saved, keptMs }: ConsumerFiltersInput) {
    this.#clock = clock
    this.#compiled = compiled
    this.#file = file
    this.#keptMs = keptMs
    this.#load(saved)
  }

  get(topic: string, group: string): ConsumerFilter | undefined {
    return this.#groups.get(group)?.get(topic)
  }

  /** All that a group subscribes to now. */
  register(group: string, subscriptions: readonly SubscriptionData[]): void {
    for (const subscription of subscriptions) this.#register(group, subscription)
    const topics = new Set(subscriptions.map(({ topic }) => topic))
    for (const [topic, filter] of this.#groups.get(group) ?? []) if (!topics.has(topic)) this.#leave(filter)
  }

  /** The last member left. */
  unregister(group: string): void {
    for (const filter of this.#groups.get(group)?.values() ?? []) this.#leave(filter)
  }

  /** Forgets what left long ago, and saves what changed. */
  async persist(): Promise<void> {
    this.#clean()
    if (!this.#dirty) return
    this.#dirty = false
    try {
      await this.#file.save(ConsumerFilterWrapper.encode(this.#wrapper()).toString())
    } catch (error) {
      this.#dirty = true
      throw error
    }
  }

  /** ConsumerFilterManager.FilterDataMapByTopic#register. */
  #register(consumerGroup: string, subscription: SubscriptionData): void {
    const { topic, subString: expression, subVersion: clientVersion, expressionType } = subscription
    if (isTagType(expressionType) || expression === '') return
    const known = this.get(topic, consumerGroup)
    if (known !== undefined && clientVersion <= known.data.clientVersion) {
      if (clientVersion === known.data.clientVersion && isDead(known.data)) {
        this.#set({ ...known, data: { ...known.data, dead: false, deadTime: 0 } })
      }
      return
    }
    if (known?.data.expression === expression && known.data.expressionType === expressionType) {
      this.#set({ ...known, data: { ...known.data, clientVersion, dead: false, deadTime: 0 } })
      return
    }
    const made = this.#made({
      bloomFilterData: undefined,
      bornTime: this.#clock.now(),
      clientVersion,
      consumerGroup,
      dead: false,
      deadTime: 0,
      expression,
      expressionType,
      topic,
    })
    if (made !== undefined) this.#set(made)
    // The pulls of the group then say that its expression may be wrong.
    else if (known !== undefined) this.#delete(known.data)
  }

  /** Undefined when the expression does not compile. */
  #made(data: ConsumerFilterData): ConsumerFilter | undefined {
    if (data.expressionType !== 'SQL92') return undefined
    const result = this.#compiled.compile(data.expression)
    return result.ok ? { data, matches: propertiesFilter(result.filter) } : undefined
  }

  #leave({ data, matches }: ConsumerFilter): void {
    if (!isDead(data)) this.#set({ data: { ...data, dead: true, deadTime: this.#clock.now() }, matches })
  }

  #set(filter: ConsumerFilter): void {
    const { consumerGroup, topic } = filter.data
    const topics = this.#groups.get(consumerGroup) ?? new Map<string, ConsumerFilter>()
    if (!topics.has(topic)) {
      if (this.#count >= FILTERS_MAX) return
      this.#count++
    }
    this.#groups.set(consumerGroup, topics)
    topics.set(topic, filter)
    this.#dirty = true
  }

  #delete({ consumerGroup, topic }: ConsumerFilterData): void {
    const topics = this.#groups.get(consumerGroup)
    if (!topics?.delete(topic)) return
    this.#count--
    if (topics.size === 0) this.#groups.delete(consumerGroup)
    this.#dirty = true
  }

  #clean(): void {
    const before = this.#clock.now() - this.#keptMs()
    for (const topics of [...this.#groups.values()]) {
      for (const { data } of [...topics.values()]) {
        if (isDead(data) && data.deadTime <= before) this.#delete(data)
      }
    }
  }

  /** An expression that does not compile here is left out: without it everything would be let through. */
  #load(saved: ConsumerFilterWrapper | undefined): void {
    const leftAt = this.#clock.now() - LEFT_BEFORE_MS
    for (const { groupFilterData } of saved?.filterDataByTopic.values() ?? []) {
      for (const data of groupFilterData.values()) {
        const deadTime = data.deadTime === 0 ? Math.max(leftAt, data.bornTime) : data.deadTime
        const made = this.#made({ ...data, dead: deadTime >= data.bornTime, deadTime })
        if (made !== undefined) this.#set(made)
      }
    }
    this.#dirty = false
  }

  #wrapper(): ConsumerFilterWrapper {
    const filterDataByTopic = new Map<
      string,
      { topic: string; groupFilterData: Map<string, ConsumerFilterData> }
    >()
    for (const topics of this.#groups.values()) {
      for (const { data } of topics.values()) {
        const { topic, consumerGroup } = data
        const ofTopic = filterDataByTopic.get(topic) ?? { topic, groupFilterData: new Map() }
        filterDataByTopic.set(topic, ofTopic)
        ofTopic.groupFilterData.set(consumerGroup, data)
      }
    }
    return { filterDataByTopic }
  }
}

function isDead({ bornTime, deadTime }: ConsumerFilterData): boolean {
  return deadTime >= bornTime
}
