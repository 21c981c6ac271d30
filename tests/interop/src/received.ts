import type { Essence, Planned } from './plan.js'
import { essence } from './plan.js'
import type { Line } from './program.js'

/** A "sent" line, as all our producers print it. */
export interface SentLine extends Line {
  readonly index: number
  readonly status: string
  readonly msgId: string
  readonly offsetMsgId: string
  readonly brokerName: string
  readonly queueId: number
  readonly queueOffset: number
}

/** A "received" line, as all our consumers print it. */
export interface ReceivedLine extends Line {
  readonly topic: string
  readonly bodySize: number
  readonly bodySha1: string
  readonly text: string | null
  readonly tags: string | null
  readonly keys: string | null
  readonly properties: Readonly<Record<string, string>>
  readonly brokerName: string
  readonly queueId: number
  readonly queueOffset: number
  readonly msgId: string
  /** Of our Java programs only. */
  readonly offsetMsgId?: string
  readonly reconsumeTimes: number
}

const DIFFERENCES_MAX = 5

/**
 * How what came differs from what was planned, matched by first key: missing, repeated or changed messages,
 * the first few in words. Only properties that a sender set are compared; clients and brokers add their own.
 */
export function differences(received: readonly ReceivedLine[], messages: readonly Planned[]): string[] {
  const names = new Set(messages.flatMap((message) => Object.keys(message.properties ?? {})))
  const left = new Map(
    messages.map((message) => [firstKey(message.keys ?? null), JSON.stringify(essence(message))]),
  )
  const found: string[] = []
  for (const line of received) {
    const key = firstKey(line.keys)
    const came = JSON.stringify(seen(line, names))
    const planned = left.get(key)
    if (planned === undefined) found.push(`${key}: not expected (again?) at ${place(line)}`)
    else if (planned !== came) found.push(`${key}: planned ${planned}, came ${came}`)
    left.delete(key)
  }
  for (const key of left.keys()) found.push(`${key}: did not come`)
  return found.length > DIFFERENCES_MAX
    ? [...found.slice(0, DIFFERENCES_MAX), `… ${found.length} in all`]
    : found
}

function seen(line: ReceivedLine, names: ReadonlySet<string>): Essence {
  const { bodySize, bodySha1, tags } = line
  // Go's client ends KEYS with a blank.
  const keys = line.keys?.trimEnd() ?? null
  const properties: Record<string, string> = {}
  for (const name of names) {
    const value = line.properties[name]
    if (value !== undefined) properties[name] = value
  }
  return { bodySize, bodySha1, tags, keys, properties }
}

/**
 * Where a message is in a topic of one broker, from either side. Go's client does not tell a receiver the
 * broker.
 */
export function place(line: SentLine | ReceivedLine): string {
  return `${line.queueId}/${line.queueOffset}`
}

function firstKey(keys: string | null): string {
  return keys?.split(' ')[0] ?? '(no key)'
}
