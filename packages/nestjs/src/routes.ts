import type { MessageHandler } from '@nestjs/microservices'
import { type BodyCodec, bodyCodec } from './codec.js'
import { RocketMQSetupError } from './exceptions.js'
import { checkExtras, GROUP_EXTRAS, type RocketMQExtras } from './extras.js'
import type { RocketMQServerOptions } from './options.js'
import { formatPattern, parsePattern, subscriptionExpression, type TopicPattern } from './pattern.js'

/** One handler and what it listens to. */
export interface Route {
  readonly pattern: TopicPattern
  /** Canonical text of the pattern. */
  readonly text: string
  readonly isEvent: boolean
  readonly group: string
  readonly extras: RocketMQExtras
  readonly codec: BodyCodec
  readonly handler: MessageHandler
}

/** All handlers of one consumer group; becomes one consumer. */
export interface GroupPlan {
  readonly group: string
  readonly routes: readonly Route[]
  /** Topic to subscription expression. */
  readonly subscriptions: ReadonlyMap<string, string>
  readonly extras: RocketMQExtras
}

/** A handler as Nest registered it; checked only when the whole picture is known. */
export interface Registration {
  readonly pattern: unknown
  readonly handler: MessageHandler
  readonly isEvent: boolean
  readonly extras: Readonly<Record<string, unknown>>
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
    const topics = groupBy(members, (one) => one.pattern.topic)
    const expressions = [...topics].map(([topic, ofTopic]) => {
      return [topic, subscriptionExpression(ofTopic.map((one) => one.pattern))] as const
    })
    return {
      group,
      routes: members,
      subscriptions: new Map(expressions),
      extras: groupExtras(group, members),
    }
  })
}

/**
 * The handler of a message: one that names the tag before one that takes every tag. A request goes to an
 * answering handler if there is one; a plain message to an event handler if there is one.
 */
export function findRoute(
  routes: readonly Route[],
  topic: string,
  tag: string | undefined,
  isRequest: boolean,
): Route | undefined {
  const fits = routes.filter(({ pattern }) => {
    return (
      pattern.topic === topic &&
      (pattern.tags.length === 0 || (tag !== undefined && pattern.tags.includes(tag)))
    )
  })
  const rank = (one: Route) => (one.isEvent === isRequest ? 0 : 2) + (one.pattern.tags.length > 0 ? 1 : 0)
  return fits.reduce<Route | undefined>(
    (best, one) => (best === undefined || rank(one) > rank(best) ? one : best),
    undefined,
  )
}

function route(
  { pattern: given, handler, isEvent, extras: rawExtras }: Registration,
  options: RocketMQServerOptions,
): Route {
  const pattern = parsePattern(given)
  const text = formatPattern(pattern)
  const extras = checkExtras(rawExtras, text)
  const group = extras.group ?? options.consumerGroup
  if (group === undefined || group === '') {
    throw new RocketMQSetupError(
      `handler of '${text}': no consumer group; set the option consumerGroup or the extra { group }`,
    )
  }
  return { pattern, text, isEvent, group, extras, codec: bodyCodec(extras.codec ?? options.codec), handler }
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

/** A pattern for every tag is the fallback of one that names tags, so these two do not overlap. */
function overlaps(a: Route, b: Route): boolean {
  if (a.pattern.topic !== b.pattern.topic) return false
  if (a.pattern.tags.length === 0 || b.pattern.tags.length === 0)
    return a.pattern.tags.length === b.pattern.tags.length
  return a.pattern.tags.some((tag) => b.pattern.tags.includes(tag))
}

/** Map.groupBy is missing in Node 20. */
function groupBy(routes: readonly Route[], keyOf: (one: Route) => string): Map<string, Route[]> {
  const groups = new Map<string, Route[]>()
  for (const one of routes) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one])
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
