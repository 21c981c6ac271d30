import { PullSysFlag, parseTagExpression } from '@rockhopper/message'
import { type RequestHeader, ResponseCode, type SubscriptionGroupConfig } from '@rockhopper/remoting'
import type { BrokerParts } from './parts.js'
import type { Refusal } from './send-checks.js'

/** Decides by the tag's hash; undefined takes every message. */
export type EntryFilter = ((tagsCode: number) => boolean) | undefined

const SAME_GROUP = 'See https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.'

/**
 * Which messages a pull wants: from its own header, else from its group's heartbeat (remoting.md section
 * 17.1).
 */
export function pullFilter(
  parts: Pick<BrokerParts, 'config' | 'consumers' | 'groups'>,
  header: RequestHeader<'PULL_MESSAGE'>,
  group: SubscriptionGroupConfig,
): { readonly matchesEntry: EntryFilter } | Refusal {
  if ((header.sysFlag & PullSysFlag.SUBSCRIPTION) !== 0) {
    return subscriptionFilter(parts, header.subscription, header.expressionType)
  }
  return heartbeatFilter(parts, header, group)
}

function heartbeatFilter(
  parts: Pick<BrokerParts, 'config' | 'consumers' | 'groups'>,
  header: RequestHeader<'PULL_MESSAGE'>,
  group: SubscriptionGroupConfig,
): { readonly matchesEntry: EntryFilter } | Refusal {
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
  return subscriptionFilter(parts, subscription.subString, subscription.expressionType)
}

/** Apache: PermName.INDEX_PERM_READ. */
const FORBIDDEN_READ = 1 << 2

function noPermission(remark: string): Refusal {
  return { code: ResponseCode.NO_PERMISSION, remark }
}

/** Which messages an expression wants. */
export function subscriptionFilter(
  { config }: Pick<BrokerParts, 'config'>,
  expression: string | undefined,
  type: string | undefined,
): { readonly matchesEntry: EntryFilter } | Refusal {
  if (type !== undefined && type !== '' && type !== 'TAG') {
    const why = config.enablePropertyFilter
      ? 'this broker has no SQL92 filter yet'
      : 'enablePropertyFilter is false'
    return {
      code: ResponseCode.SYSTEM_ERROR,
      remark: `The broker does not support consumer to filter message by ${type}: ${why}`,
    }
  }
  const parsed = parseTagExpression(expression)
  if (!parsed.ok) {
    return {
      code: ResponseCode.SUBSCRIPTION_PARSE_FAILED,
      remark: "parse the consumer's subscription failed",
    }
  }
  const { codeSet } = parsed
  if (codeSet.size === 0) return { matchesEntry: undefined }
  return { matchesEntry: (tagsCode) => codeSet.has(tagsCode) }
}
