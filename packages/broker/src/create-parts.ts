import type { Env } from '@rockhopper/env'
import { createUniqueIdSource, type HostAddress } from '@rockhopper/message'
import { type MessageStore, parseDelayLevels, type TimerStore } from '@rockhopper/store'
import { Arrivals } from './arrivals.js'
import type { BrokerConfig } from './config.js'
import { ConsumerOffsets } from './consumer-offsets.js'
import { Consumers } from './consumers.js'
import { ConsumerFilters } from './filter/consumer-filters.js'
import { CompiledFilters } from './filter/record-filter.js'
import { Groups } from './groups.js'
import type { BrokerParts, WriteGate } from './parts.js'
import { Producers } from './producers.js'
import { QueueLocks } from './queue-locks.js'
import type { BrokerStateFiles } from './state-files.js'
import { BrokerStats } from './stats.js'
import { PropertiesTail } from './stored-properties.js'
import { systemTopics } from './system-topics.js'
import { Tickets } from './tickets.js'
import { Topics } from './topics.js'

export interface PartsInput {
  readonly env: Pick<Env, 'clock' | 'host' | 'log' | 'random'>
  readonly config: BrokerConfig
  readonly store: MessageStore
  /** Open, or undefined when timerWheelEnable is off. */
  readonly timerStore: TimerStore | undefined
  readonly files: BrokerStateFiles
  readonly writeGate: WriteGate
  readonly storeHost: HostAddress
}

/** The tables of a broker around an open store, from what its files say. */
export function createParts(input: PartsInput): BrokerParts {
  const { env, config, store, files, timerStore, writeGate, storeHost } = input
  const { clock, host, log, random } = env
  const delayLevels = parseDelayLevels(config.messageDelayLevel)
  const { saved } = files.topics
  const topics = new Topics({
    clock,
    file: files.topics.file,
    autoCreate: () => config.autoCreateTopicEnable,
    saved: saved && { entries: saved.topicConfigTable, dataVersion: saved.dataVersion },
  })
  topics.preset(systemTopics(config, delayLevels.length))
  const arrivals = new Arrivals(clock)
  store.onArrival((arrival, properties) => arrivals.arrived(arrival, properties))
  const tickets = new Tickets(clock, config.syncFlushTimeout)
  tickets.follow(store)
  const compiledFilters = new CompiledFilters()
  const keptMs = () => config.filterDataCleanTimeSpan
  const consumerFilters = new ConsumerFilters({
    clock,
    compiled: compiledFilters,
    keptMs,
    ...files.consumerFilters,
  })
  const consumers = new Consumers(clock)
  consumers.onSubscribed = (group, subscriptions) => consumerFilters.register(group, subscriptions)
  consumers.onLastLeft = (group) => consumerFilters.unregister(group)
  return {
    clock,
    random,
    log,
    config,
    store,
    topics,
    groups: createGroups(env, config, files),
    offsets: new ConsumerOffsets({ clock, ...files.consumerOffsets }),
    producers: new Producers(clock),
    consumers,
    consumerFilters,
    compiledFilters,
    arrivals,
    locks: new QueueLocks(clock),
    stats: new BrokerStats(clock),
    tickets,
    timerStore,
    delayLevels,
    propertiesTail: new PropertiesTail(),
    nextUniqueId: createUniqueIdSource({ clock, random, host }),
    storeHost,
    writeGate,
  }
}

function createGroups(
  { clock }: PartsInput['env'],
  config: BrokerConfig,
  files: PartsInput['files'],
): Groups {
  const { file, saved } = files.groups
  return new Groups({
    clock,
    file,
    autoCreate: () => config.autoCreateSubscriptionGroup,
    saved: saved && {
      entries: saved.subscriptionGroupTable,
      dataVersion: saved.dataVersion,
      forbiddenTable: saved.forbiddenTable,
    },
  })
}
