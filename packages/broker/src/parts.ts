import type { Clock, Log, Random } from '@rockhopper/env'
import type { HostAddress } from '@rockhopper/message'
import type { MessageStore, TimerStore } from '@rockhopper/store'
import type { Arrivals } from './arrivals.js'
import type { BrokerConfig } from './config.js'
import type { ConsumerOffsets } from './consumer-offsets.js'
import type { Consumers } from './consumers.js'
import type { ConsumerFilters } from './filter/consumer-filters.js'
import type { CompiledFilters } from './filter/record-filter.js'
import type { Groups } from './groups.js'
import type { Producers } from './producers.js'
import type { QueueLocks } from './queue-locks.js'
import type { BrokerStats } from './stats.js'
import type { PropertiesTail } from './stored-properties.js'
import type { Tickets } from './tickets.js'
import type { Topics } from './topics.js'

/** What the processors work on. Each takes the parts it needs. */
export interface BrokerParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Keys that may change while the broker runs change in this object. */
  readonly config: BrokerConfig
  readonly store: MessageStore
  readonly topics: Topics
  readonly groups: Groups
  readonly offsets: ConsumerOffsets
  readonly producers: Producers
  readonly consumers: Consumers
  readonly consumerFilters: ConsumerFilters
  readonly compiledFilters: CompiledFilters
  readonly arrivals: Arrivals
  readonly locks: QueueLocks
  readonly stats: BrokerStats
  readonly tickets: Tickets
  /** Undefined when timerWheelEnable is off. */
  readonly timerStore: TimerStore | undefined
  /** Delays in ms; level n is element n - 1. */
  readonly delayLevels: readonly number[]
  readonly propertiesTail: PropertiesTail
  readonly nextUniqueId: () => string
  /** Advertised address and bound port: in each record, in message ids and in routes. */
  readonly storeHost: HostAddress
  readonly writeGate: WriteGate
}

/**
 * Asked right before each record is placed, in the same synchronous step: whether this broker may write now.
 * A slave, a master of an older epoch and a broker that stops may not.
 */
export interface WriteGate {
  /** Undefined when it may; else the remark of the refusal with code 14. */
  refusal(): string | undefined
}
