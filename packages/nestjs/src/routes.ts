import type { MessageHandler } from '@nestjs/microservices'
import type { FilterExpression } from '@rockhopper/client'
import { type BodyCodec, bodyCodec } from './codec.js'
import { RocketMQSetupError } from './exceptions.js'
import { checkExtras, GROUP_EXTRAS, type RocketMQExtras } from './extras.js'
import type { RocketMQServerOptions } from './options.js'
import {
  formatPattern,
  parseHandlerPattern,
  parsePattern,
  subscriptionExpression,
  type TopicPattern,
  type TopicsPattern,
} from './pattern.js'
import { schemaOf, type TopicSchema } from './topic-schema.js'

/** One handler and what it listens to. */
export interface Route {
  readonly pattern: TopicPattern | TopicsPattern
  /** Canonical text of the pattern. */
  readonly text: string
  readonly isEvent: boolean
  readonly group: string
  readonly extras: RocketMQExtras
  readonly codec: BodyCodec
  /** From `defineTopics`; checks payloads before the handler sees them. */
  readonly schema: TopicSchema | undefined
  /** Deliveries in all before a message is dead-lettered. */
  readonly attemptsMax: number
  readonly handler: MessageHandler
}

/** All handlers of one consumer group; becomes one consumer. */
export interface GroupPlan {
  readonly group: string
  readonly routes: readonly Route[]
  /** Topic to subscription expression. */
  readonly subscriptions: ReadonlyMap<string, FilterExpression>
  /** Topics that match one of these are subscribed to when they appear. */
  readonly topicPatterns: readonly RegExp[]
  readonly extras: RocketMQExtras
  /** What the consumer is told: the largest limit of its handlers. Undefined leaves it to the client. */
  readonly maxReconsumeTimes: number | undefined
}

/** A handler as Nest registered it; checked only when the whole picture is known. */
export interface Registration {
  readonly pattern: unknown
  readonly handler: MessageHandler
  readonly isEvent: boolean
  readonly extras: Readonly<Record<string | symbol, unknown>>
}

/**
 * Sorts handlers into groups. @throws RocketMQSetupError on a set-up that cannot work, naming the handlers.
 */
export function planGroups(
  registrations: readonly Registration[],
  options: RocketMQServerOptions,
): GroupPlan[] {
  const routes = registrations.map((registration) => route(registration, options))
  refuseDoubleAnswers(routes)
  return [...groupBy(routes, (one) => one.group)].map(([group, members]) => {
    refuseOverlap(members)
    const topicPatterns = members.flatMap(({ pattern }) => ('topics' in pattern ? [pattern.topics] : []))
    return {
      group,
      routes: members,
      subscriptions: subscriptions(group, members, topicPatterns),
      topicPatterns,
      extras: groupExtras(group, members),
      maxReconsumeTimes: reconsumeLimit(members, options),
    }
  })
}

/**
 * The handler for a message: one of its own kind (request or event), and of these one that names the tag
 * before one that takes every tag. Only when no handler names the topic, the first regular expression that
 * matches it. A request that only an event handler takes is handled by that and not answered.
 */
export function findRoute(
  routes: readonly Route[],
  topic: string,
  tag: string | undefined,
  isRequest: boolean,
): Route | undefined {
  let best: Route | undefined
  let highest = 0
  for (const one of routes) {
    const fit = precision(one, topic, tag)
    const rank = (one.isEvent === isRequest ? 0 : 4) + fit
    if (fit === 0 || rank <= highest) continue
    best = one
    highest = rank
  }
  return best
}

/** 0: takes no such message; 1: by regular expression; 2: by topic; 3: by tag. */
function precision({ pattern }: Route, topic: string, tag: string | undefined): 0 | 1 | 2 | 3 {
  if ('topics' in pattern) return pattern.topics.test(topic) ? 1 : 0
  if (pattern.topic !== topic) return 0
  if (pattern.tags.length === 0) return 2
  return tag !== undefined && pattern.tags.includes(tag) ? 3 : 0
}

function route(
  { pattern: given, handler, isEvent, extras: rawExtras }: Registration,
  options: RocketMQServerOptions,
): Route {
  const named = parseHandlerPattern(given)
  const extras = checkExtras(rawExtras, formatPattern(named))
  const pattern = withFilter(named, extras.filter)
  const text = formatPattern(pattern)
  const group = extras.group ?? options.consumerGroup
  if (group === undefined || group === '') {
    throw new RocketMQSetupError(
      `handler of '${text}': no consumer group; set the option consumerGroup or the extra { group }`,
    )
  }
  if (extras.batch !== undefined && !isEvent)
    throw new RocketMQSetupError(
      `handler of '${text}': 'batch' is for events; each request has its own answer`,
    )
  const codec = bodyCodec(extras.codec ?? options.codec)
  const schema = schemaOf(rawExtras)
  const attemptsMax = attempts(extras, options)
  return { pattern, text, isEvent, group, extras, codec, schema, attemptsMax, handler }
}

function withFilter(
  pattern: TopicPattern | TopicsPattern,
  filter: RocketMQExtras['filter'],
): TopicPattern | TopicsPattern {
  if (filter === undefined) return pattern
  if ('topics' in pattern || pattern.tags.length > 0 || pattern.sql !== undefined) {
    throw new RocketMQSetupError(
      `handler of '${formatPattern(pattern)}': the extra 'filter' is for patterns that name only a topic`,
    )
  }
  return parsePattern(
    typeof filter === 'string' ? { topic: pattern.topic, tag: filter } : { topic: pattern.topic, ...filter },
  )
}

/** The client's defaults: 16 retries, for an orderly consumer without end. */
export const RECONSUME_TIMES_DEFAULT = 16

function attempts({ retry, maxReconsumeTimes, orderly }: RocketMQExtras, options: RocketMQServerOptions) {
  if (retry?.attempts !== undefined) return retry.attempts
  const limit = maxReconsumeTimes ?? options.maxReconsumeTimes
  if (limit !== undefined) return limit + 1
  return orderly === true ? Number.POSITIVE_INFINITY : RECONSUME_TIMES_DEFAULT + 1
}

function reconsumeLimit(routes: readonly Route[], options: RocketMQServerOptions): number | undefined {
  const said = routes.some(({ extras }) => extras.retry?.attempts ?? extras.maxReconsumeTimes)
  if (!said) return groupLimit(routes) ?? options.maxReconsumeTimes
  const most = Math.max(...routes.map(({ attemptsMax }) => attemptsMax - 1))
  return Number.isFinite(most) ? most : undefined
}

const groupLimit = (routes: readonly Route[]): number | undefined =>
  routes.find(({ extras }) => extras.maxReconsumeTimes !== undefined)?.extras.maxReconsumeTimes

/** A broker keeps one expression for a topic and a group, so the handlers of both must agree on one. */
function subscriptions(
  group: string,
  routes: readonly Route[],
  topicPatterns: readonly RegExp[],
): Map<string, FilterExpression> {
  const named = routes.flatMap(({ pattern }) => ('topics' in pattern ? [] : [pattern]))
  const expressions = new Map<string, FilterExpression>()
  for (const [topic, patterns] of groupBy(named, (one) => one.topic)) {
    const sqls = new Set(patterns.map(({ sql }) => sql))
    if (sqls.size > 1) {
      const said = patterns.map((one) => `'${formatPattern(one)}'`).join(', ')
      throw new RocketMQSetupError(
        `handlers of group '${group}' filter topic '${topic}' in different ways: ${said}; ` +
          "give one of them its own group: { group: '…' }",
      )
    }
    const [sql] = sqls
    const wide = topicPatterns.some((one) => one.test(topic))
    expressions.set(topic, sql !== undefined ? { sql } : wide ? '*' : subscriptionExpression(patterns))
  }
  return expressions
}

/** Two answers to one request: the first one would win by chance. */
function refuseDoubleAnswers(routes: readonly Route[]): void {
  const answering = routes.filter((one) => !one.isEvent)
  for (const [index, one] of answering.entries()) {
    const other = answering.slice(index + 1).find((candidate) => overlaps(one, candidate))
    if (other !== undefined) {
      throw new RocketMQSetupError(`two handlers answer requests to ${both(one, other)}; keep one`)
    }
  }
}

/**
 * One group gets a message once, so a second event handler would share the first one's outcome: its failure
 * would repeat both.
 */
function refuseOverlap(routes: readonly Route[]): void {
  const events = routes.filter((one) => one.isEvent)
  for (const [index, one] of events.entries()) {
    const other = events.slice(index + 1).find((candidate) => overlaps(one, candidate))
    if (other !== undefined) {
      throw new RocketMQSetupError(
        `two event handlers of group '${one.group}' take ${both(one, other)}; ` +
          "give one of them its own group: { group: '…' }",
      )
    }
  }
}

/**
 * A pattern for every tag is the fallback of one that names tags, and a regular expression that of both, so
 * these do not overlap; of two regular expressions the first one registered counts.
 */
function overlaps({ pattern: a }: Route, { pattern: b }: Route): boolean {
  if ('topics' in a || 'topics' in b) {
    return 'topics' in a && 'topics' in b && String(a.topics) === String(b.topics)
  }
  if (a.topic !== b.topic) return false
  if (a.tags.length === 0 || b.tags.length === 0) return a.tags.length === b.tags.length
  return a.tags.some((tag) => b.tags.includes(tag))
}

/** Map.groupBy is missing in Node 20. */
function groupBy<T>(items: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of items) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one])
  return groups
}

const both = (a: Route, b: Route): string =>
  a.text === b.text ? `'${a.text}'` : `'${a.text}' and '${b.text}'`

function groupExtras(group: string, routes: readonly Route[]): RocketMQExtras {
  const extras: Record<string, unknown> = {}
  for (const name of GROUP_EXTRAS) {
    const values = new Set(routes.map((one) => one.extras[name]).filter((value) => value !== undefined))
    if (values.size > 1) {
      const said = [...values].map((value) => JSON.stringify(value)).join(' and ')
      throw new RocketMQSetupError(`handlers of group '${group}' disagree about '${name}': ${said}`)
    }
    for (const value of values) extras[name] = value
  }
  return extras
}
