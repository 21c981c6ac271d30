import { RocketMQSetupError } from './exceptions.js'

/** What handlers listen to and clients send to. */
export type RocketMQPattern = string | { readonly topic: string; readonly tag?: string }

/** A pattern in its one canonical form: tags are trimmed, sorted and unique; no tags means every tag. */
export interface TopicPattern {
  readonly topic: string
  readonly tags: readonly string[]
}

/** The names TopicValidator of Apache RocketMQ accepts. No dot: so a dot can stand between topic and tag. */
const TOPIC = /^[%|a-zA-Z0-9_-]{1,127}$/

/**
 * Reads `'topic'`, `'topic:tag'`, `'topic:tagA||tagB'`, `{ topic, tag }`, and the dotted form of other
 * transports, `'topic.tag'`: a topic name cannot hold a dot, so everything behind the first one is the tag.
 * @throws RocketMQSetupError when the pattern is none of these.
 */
export function parsePattern(pattern: unknown): TopicPattern {
  if (typeof pattern === 'string') return parseText(pattern)
  if (pattern instanceof RegExp) throw refuse(pattern, 'regular expressions are not supported')
  if (typeof pattern !== 'object' || pattern === null)
    throw refuse(pattern, 'want a string or { topic, tag }')
  const { topic, tag, ...rest } = pattern as Record<string, unknown>
  const extra = Object.keys(rest)
  if (extra.length > 0) throw refuse(pattern, `unknown field '${extra[0]}'; want { topic, tag }`)
  if (typeof topic !== 'string') throw refuse(pattern, 'want { topic, tag } with a string topic')
  if (tag !== undefined && typeof tag !== 'string') throw refuse(pattern, 'the tag must be a string')
  return build(pattern, topic, tag ?? '*')
}

/** The canonical text of a pattern: `topic`, or `topic:tagA||tagB`. */
export function formatPattern(pattern: TopicPattern): string {
  return pattern.tags.length === 0 ? pattern.topic : `${pattern.topic}:${pattern.tags.join('||')}`
}

/** A pattern as a destination: at most one tag. */
export function parseDestination(pattern: unknown): {
  readonly topic: string
  readonly tag: string | undefined
} {
  const { topic, tags } = parsePattern(pattern)
  if (tags.length > 1) throw refuse(pattern, 'a message carries one tag')
  return { topic, tag: tags[0] }
}

/**
 * The subscription expression of a set of patterns of one topic: `*` as soon as one of them takes every tag.
 */
export function subscriptionExpression(patterns: readonly TopicPattern[]): string {
  if (patterns.some((pattern) => pattern.tags.length === 0)) return '*'
  return [...new Set(patterns.flatMap((pattern) => pattern.tags))].sort().join('||')
}

function parseText(text: string): TopicPattern {
  const at = text.search(/[:.]/)
  if (at < 0) return build(text, text, '*')
  const tags = text.slice(at + 1)
  if (text[at] === '.' && tags.includes(':'))
    throw refuse(text, "a dot and a colon both stand before the tag; use 'topic:tag'")
  return build(text, text.slice(0, at), tags)
}

function build(pattern: unknown, topic: string, tagText: string): TopicPattern {
  if (!TOPIC.test(topic)) {
    throw refuse(pattern, `'${topic}' is no topic name; 1 to 127 of letters, digits, '_', '-', '%' and '|'`)
  }
  if (tagText.trim() === '*') return { topic, tags: [] }
  const tags = tagText.split('||').map((tag) => tag.trim())
  for (const tag of tags) {
    if (tag === '' || tag === '*')
      throw refuse(pattern, `'${tagText}' is no tag; want 'tag', 'tagA||tagB' or '*'`)
    if (/[|\p{Cc}]/u.test(tag)) throw refuse(pattern, `tag '${tag}' holds '|' or a control character`)
  }
  return { topic, tags: [...new Set(tags)].sort() }
}

function refuse(pattern: unknown, why: string): RocketMQSetupError {
  const shown = pattern instanceof RegExp ? String(pattern) : JSON.stringify(pattern)
  return new RocketMQSetupError(`pattern ${shown}: ${why}`)
}
