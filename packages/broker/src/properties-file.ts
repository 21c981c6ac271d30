import { MqError } from '@rockhopper/message'
import { APACHE_ONLY_KEYS } from './apache-only-keys.js'
import { type BrokerConfig, CONFIG } from './config.js'
import { type ConfigRow, type ConfigTable, parseValue } from './config-rows.js'

export interface ParsedConfig<C> {
  readonly config: Partial<C>
  /** Keys Apache's broker has and this one does not need: worth a warning, in the order of the file. */
  readonly ignored: readonly string[]
}

/**
 * Reads broker.conf, or lines of `key=value` from a command line.
 * @throws MqError CONFIG_KEY_UNKNOWN with the nearest known key, CONFIG_VALUE_ILLEGAL with the key.
 */
export function parseProperties(text: string): ParsedConfig<BrokerConfig> {
  return parseConfig<BrokerConfig>(text, CONFIG, APACHE_ONLY_KEYS)
}

export function parseConfig<C>(
  text: string,
  table: ConfigTable,
  ignorable: ReadonlySet<string>,
): ParsedConfig<C> {
  const config: Record<string, unknown> = {}
  const ignored: string[] = []
  for (const [key, value] of readProperties(text)) {
    const row: ConfigRow | undefined = Object.hasOwn(table, key) ? table[key] : undefined
    if (row === undefined) {
      if (!ignorable.has(key)) throw unknownKey(key, [...Object.keys(table), ...ignorable])
      ignored.push(key)
      continue
    }
    const parsed = parseValue(row, value)
    if ('reason' in parsed) throw new MqError('CONFIG_VALUE_ILLEGAL', `${key}=${value} ${parsed.reason}`)
    config[key] = parsed.value
  }
  return { config: config as Partial<C>, ignored }
}

/**
 * java.util.Properties, line form: comments with # or !, `=` or `:` or blank between key and value, `\`
 * continues.
 */
export function readProperties(text: string): Map<string, string> {
  const entries = new Map<string, string>()
  const logical = text.replace(/^\uFEFF/, '').replace(/((?:^|[^\\])(?:\\\\)*)\\\r?\n[ \t]*/g, '$1')
  for (const line of logical.split(/\r\n|\r|\n/)) {
    const match = /^[ \t\f]*([^#!\s=:][^\s=:]*)[ \t]*[=:]?[ \t]*(.*)$/.exec(line)
    if (match?.[1] !== undefined) entries.set(match[1], withoutEscapes(match[2] ?? '').trim())
  }
  return entries
}

export function writeProperties(entries: Iterable<readonly [string, unknown]>): string {
  let text = ''
  for (const [key, value] of entries) text += `${key}=${String(value)}\n`
  return text
}

/** The known key with the fewest edits; shown in errors only. */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const distance = editDistance(key.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

function unknownKey(key: string, known: readonly string[]): MqError {
  return new MqError('CONFIG_KEY_UNKNOWN', `${key}: did you mean ${nearestKey(key, known)}?`)
}

function withoutEscapes(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, escaped: string) => {
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    return { t: '\t', n: '\n', r: '\r', f: '\f' }[escaped] ?? escaped
  })
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
