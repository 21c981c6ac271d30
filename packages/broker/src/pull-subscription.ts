import type { Clock } from '@rockhopper/env'
import { groupOfTopic, isRetryTopic, PullSysFlag, parseTagExpression } from '@rockhopper/message'
import { type RequestHeader, ResponseCode, type SubscriptionGroupConfig } from '@rockhopper/remoting'
import type { ArrivedProperties, GetMessageQuery } from '@rockhopper/store'
import { type ConsumerFilter, isTagType } from './filter/consumer-filters.js'
import {
  FilteredRead,
  originalTopic,
  type PropertiesFilter,
  propertiesFilter,
} from './filter/record-filter.js'
import type { BrokerParts } from './parts.js'
import type { Refusal } from './send-checks.js'

/** Decides by the tag's hash; undefined takes every message. */
export type EntryFilter = ((tagsCode: number) => boolean) | undefined

/** Which messages a pull wants. Undefined decides nothing. */
export interface PullFilter {
  readonly matchesEntry: EntryFilter
  readonly matchesProperties: PropertiesFilter | undefined
}

/** Whether a message that arrived is wanted, by what its queue entry and its properties say. */
export function isWanted(filter: PullFilter, tagsCode: number, properties: ArrivedProperties): boolean {
  const { matchesEntry, matchesProperties } = filter
  if (matchesEntry !== undefined && !matchesEntry(tagsCode)) return false
  return (
    matchesProperties === undefined || matchesProperties(properties.bytes, properties.from, properties.to)
  )
}

/** How the store is asked for what a filter wants; for one read, as it counts what the filter takes. */
export function filterOfRead(
  clock: Clock,
  { matchesEntry, matchesProperties }: PullFilter,
): Pick<GetMessageQuery, 'matchesEntry' | 'matchesProperties' | 'enough'> {
  const byEntry = matchesEntry === undefined ? {} : { matchesEntry }
  if (matchesProperties === undefined) return byEntry
  const read = new FilteredRead(clock, matchesProperties)
  return { ...byEntry, matchesProperties: read.matchesProperties, enough: read.enough }
}

export const EVERYTHING: PullFilter = { matchesEntry: undefined, matchesProperties: undefined }

type FilterParts = Pick<
  BrokerParts,
  'config' | 'consumers' | 'groups' | 'consumerFilters' | 'compiledFilters'
>

const SAME_GROUP = 'See https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.'

/**
 * Which messages a pull wants: from its own header, else from its group's heartbeat (remoting.md section
 * 17.1).
 */
export function pullFilter(
  parts: FilterParts,
  header: RequestHeader<'PULL_MESSAGE'>,
  group: SubscriptionGroupConfig,
): PullFilter | Refusal {
  if ((header.sysFlag & PullSysFlag.SUBSCRIPTION) === 0) return heartbeatFilter(parts, header, group)
  return subscriptionFilter(parts, header)
}

function heartbeatFilter(
  parts: FilterParts,
  header: RequestHeader<'PULL_MESSAGE'>,
  group: SubscriptionGroupConfig,
): PullFilter | Refusal {
  const { consumerGroup, topic, subVersion } = header
  const notExist = (what: string) => ({
    code: ResponseCode.SUBSCRIPTION_NOT_EXIST,
    remark: `the consumer's ${what} not exist. ${SAME_GROUP}`,
  })
  const members = parts.consumers.get(consumerGroup)
  if (members === undefined) return notExist('group info')
  if (!group.consumeBroadcastEnable && members.messageModel === 'BROADCASTING') {
    return noPermission(`the consumer group[${consumerGroup}] can not consume by broadcast way`)
  }
  if (((parts.groups.forbiddenTable.get(consumerGroup)?.get(topic) ?? 0) & FORBIDDEN_READ) !== 0) {
    return noPermission(`the consumer group[${consumerGroup}] is forbidden for topic[${topic}]`)
  }
  const subscription = members.subscriptions.get(topic)
  if (subscription === undefined) return notExist('subscription')
  if (subscription.subVersion < subVersion) {
    return { code: ResponseCode.SUBSCRIPTION_NOT_LATEST, remark: "the consumer's subscription not latest" }
  }
  const { expressionType, subString } = subscription
  if (isTagType(expressionType)) return tagFilter(subString)
  const known = parts.consumerFilters.get(topic, consumerGroup)
  const fault = filterDataFault(known, subVersion)
  if (fault !== undefined) return fault
  return parts.config.enablePropertyFilter
    ? sqlFilter(parts, topic, known?.matches)
    : notServed(expressionType)
}

/** Which messages a request with an expression of its own wants: a pull's, or a pop's. */
export function subscriptionFilter(
  parts: Pick<FilterParts, 'config' | 'consumerFilters' | 'compiledFilters'>,
  {
    topic,
    subscription,
    expressionType = 'TAG',
  }: {
    readonly topic: string
    readonly subscription?: string | undefined
    readonly expressionType?: string | undefined
  },
): PullFilter | Refusal {
  if (isTagType(expressionType)) return tagFilter(subscription)
  if (!parts.config.enablePropertyFilter) return notServed(expressionType)
  const result = expressionType === 'SQL92' ? parts.compiledFilters.compile(subscription ?? '') : undefined
  if (result?.ok !== true) return parseFailed(result?.reason ?? `unknown expression type ${expressionType}`)
  return sqlFilter(parts, topic, propertiesFilter(result.filter))
}

function filterDataFault(known: ConsumerFilter | undefined, subVersion: number): Refusal | undefined {
  if (known === undefined) {
    const remark = "The broker's consumer filter data is not exist!Your expression may be wrong!"
    return { code: ResponseCode.FILTER_DATA_NOT_EXIST, remark }
  }
  if (known.data.clientVersion >= subVersion) return undefined
  const remark = "the consumer's consumer filter data not latest"
  return { code: ResponseCode.FILTER_DATA_NOT_LATEST, remark }
}

/** Apache: PermName.INDEX_PERM_READ. */
const FORBIDDEN_READ = 1 << 2

function noPermission(remark: string): Refusal {
  return { code: ResponseCode.NO_PERMISSION, remark }
}

function tagFilter(expression: string | undefined): PullFilter | Refusal {
  const parsed = parseTagExpression(expression)
  if (!parsed.ok) return parseFailed(parsed.reason)
  const { codeSet } = parsed
  if (codeSet.size === 0) return EVERYTHING
  return { ...EVERYTHING, matchesEntry: (tagsCode) => codeSet.has(tagsCode) }
}

function parseFailed(reason: string): Refusal {
  const remark = `parse the consumer's subscription failed: ${reason}`
  return { code: ResponseCode.SUBSCRIPTION_PARSE_FAILED, remark }
}

/** Apache: ExpressionMessageFilter, and ExpressionForRetryMessageFilter when filterSupportRetry is on. */
function sqlFilter(
  { config, consumerFilters }: Pick<FilterParts, 'config' | 'consumerFilters'>,
  topic: string,
  matchesProperties: PropertiesFilter | undefined,
): PullFilter {
  const group = config.filterSupportRetry && isRetryTopic(topic) ? groupOfTopic(topic) : undefined
  if (group === undefined) return { ...EVERYTHING, matchesProperties }
  const byOriginalTopic: PropertiesFilter = (bytes, from, to) => {
    const original = originalTopic(bytes, from, to)
    const filter = original === undefined ? undefined : consumerFilters.get(original, group)
    return filter === undefined || filter.matches(bytes, from, to)
  }
  return { ...EVERYTHING, matchesProperties: byOriginalTopic }
}

function notServed(expressionType: string): Refusal {
  return { code: ResponseCode.SYSTEM_ERROR, remark: propertyFilterOff(expressionType) }
}

/** What codes 11 and 46 are told when enablePropertyFilter is off; Apache's ends before the colon. */
export function propertyFilterOff(expressionType: string): string {
  return (
    `The broker does not support consumer to filter message by ${expressionType}: ` +
    'set enablePropertyFilter=true in broker.conf'
  )
}
