import { RocketMQSetupError } from './exceptions.js'

/** What handlers listen to and clients send to. */
export type RocketMQPattern =
  | string
  | { readonly topic: string; readonly tag?: string }
  | { readonly topic: string; readonly sql: string }

/** A regular expression stands for every topic whose name it matches. */
export type HandlerPattern = RocketMQPattern | RegExp

/**
 * A topic and which of its messages, in the one canonical form: tags are trimmed, sorted and unique; no tags
 * means every tag. With `sql` the broker decides, and there are no tags.
 */
export interface TopicPattern {
  readonly topic: string
  readonly tags: readonly string[]
  readonly sql?: string
}

/** Every topic whose name matches, also one that appears later; all tags. */
export interface TopicsPattern {
  readonly topics: RegExp
}

/** The names TopicValidator of Apache RocketMQ accepts. No dot: so a dot can stand between topic and tag. */
const TOPIC = /^[%|a-zA-Z0-9_-]{1,127}$/

/** As `parsePattern`, and regular expressions, which handlers may use. @throws RocketMQSetupError */
export function parseHandlerPattern(pattern: unknown): TopicPattern | TopicsPattern {
  if (!isRegExp(pattern)) return parsePattern(pattern)
  // With these flags a RegExp remembers where it stopped, and the next test begins there.
  if (pattern.global || pattern.sticky) throw refuse(pattern, 'the flags g and y make no sense here')
  return { topics: pattern }
}

/**
 * Reads `'topic'`, `'topic:tag'`, `'topic:tagA||tagB'`, `{ topic, tag }`, `{ topic, sql }`, and the dotted
 * form of other transports, `'topic.tag'`: a topic name cannot hold a dot, so everything behind the first
 * one is the tag.
 * @throws RocketMQSetupError when the pattern is none of these.
 */
export function parsePattern(pattern: unknown): TopicPattern {
  if (typeof pattern === 'string') return parseText(pattern)
  if (isRegExp(pattern)) throw refuse(pattern, 'a regular expression names no single topic')
  if (typeof pattern !== 'object' || pattern === null)
    throw refuse(pattern, 'want a string, { topic, tag } or { topic, sql }')
  const { topic, tag, sql, ...rest } = pattern as Record<string, unknown>
  const extra = Object.keys(rest)
  if (extra.length > 0)
    throw refuse(pattern, `unknown field '${extra[0]}'; want { topic, tag } or { topic, sql }`)
  if (typeof topic !== 'string') throw refuse(pattern, 'want { topic, tag } with a string topic')
  if (tag !== undefined && typeof tag !== 'string') throw refuse(pattern, 'the tag must be a string')
  if (sql === undefined) return build(pattern, topic, tag ?? '*')
  if (typeof sql !== 'string' || sql.trim() === '') throw refuse(pattern, 'sql must be an SQL92 expression')
  if (tag !== undefined)
    throw refuse(pattern, "tag and sql exclude each other; write TAGS = '…' into the sql")
  return { ...build(pattern, topic, '*'), sql: sql.trim() }
}

/** The canonical text of a pattern: `topic`, `topic:tagA||tagB`, `topic{sql}` or `/expression/`. */
export function formatPattern(pattern: TopicPattern | TopicsPattern): string {
  if ('topics' in pattern) return String(pattern.topics)
  if (pattern.sql !== undefined) return `${pattern.topic}{${pattern.sql}}`
  return pattern.tags.length === 0 ? pattern.topic : `${pattern.topic}:${pattern.tags.join('||')}`
}

/** A pattern as a destination: at most one tag. */
export function parseDestination(pattern: unknown): {
  readonly topic: string
  readonly tag: string | undefined
} {
  const { topic, tags, sql } = parsePattern(pattern)
  if (sql !== undefined) throw refuse(pattern, 'an SQL92 expression filters; a message is sent to a topic')
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

/** Not instanceof: a test's realm may have its own RegExp. */
const isRegExp = (value: unknown): value is RegExp =>
  Object.prototype.toString.call(value) === '[object RegExp]'

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
  const shown = isRegExp(pattern) ? String(pattern) : JSON.stringify(pattern)
  return new RocketMQSetupError(`pattern ${shown}: ${why}`)
}
