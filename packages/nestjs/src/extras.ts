import { BODY_CODEC_NAMES, type BodyCodecName } from './codec.js'
import { RocketMQSetupError } from './exceptions.js'
import { type ErrorName, errorName, RETRY_WANT, type RetryPolicy, retryPolicyFits } from './retry-policy.js'

/**
 * What a handler may say beside its pattern: `@RocketMQEvent('order_topic', { group: 'mail' })`.
 * Serialisable: Nest's graph inspector records it.
 */
export interface RocketMQExtras {
  /** Consumer group; default the strategy's `consumerGroup`. Each group gets every message once. */
  readonly group?: string
  /** Messages of this group handled at the same time in this process, 1 to 1,000. */
  readonly concurrency?: number
  /** One message of a queue at a time, in order; a failed one blocks its queue until it succeeds. */
  readonly orderly?: boolean
  /** Every process gets every message; no retries, no dead letters. */
  readonly broadcast?: boolean
  /** Deliveries after the first one before a message goes to `%DLQ%group`; the broker's default is 16. */
  readonly maxReconsumeTimes?: number
  /**
   * Where a group that never consumed begins: at the first or last message, or at a time (ms since 1970 or
   * an ISO date). On a topic whose first message is still in memory brokers start it at the first in any
   * case.
   */
  readonly from?: 'first' | 'last' | number | string
  /** Form of the bodies this handler takes; default the strategy's. */
  readonly codec?: BodyCodecName
  /** Tags (`'a||b'`) or an SQL92 expression over properties, for a pattern that names only a topic. */
  readonly filter?: string | { readonly sql: string }
  /** The handler gets arrays of payloads: at most `size` (2 to 1,000), collected for `waitMs` (50). */
  readonly batch?: { readonly size: number; readonly waitMs?: number }
  /** How often, and when, a failed message is delivered again. */
  readonly retry?: RetryPolicy
  /** False: a message at its limit is dropped. `{ topic }`: it goes there instead of `%DLQ%group`. */
  readonly dlq?: boolean | { readonly topic: string }
  /** `manual`: the message is settled by `context.ack()` and its like, not by the end of the handler. */
  readonly ackMode?: 'auto' | 'manual'
  /** A message that is not settled by then is delivered again; default 900,000 (15 min), as Apache. */
  readonly ackTimeoutMs?: number
  /** At most `count` calls of this handler begin in `perMs`, in this process. */
  readonly rateLimit?: { readonly count: number; readonly perMs: number }
  /** False: this group is not pulled before `server.resume(group)`. */
  readonly autoStart?: boolean
}

/** Extras that shape the group's consumer: handlers of one group must not contradict each other in them. */
export const GROUP_EXTRAS = [
  'concurrency',
  'orderly',
  'broadcast',
  'maxReconsumeTimes',
  'from',
  'autoStart',
] as const

/** Checks a handler's extras. @throws RocketMQSetupError on an unknown name or a wrong value. */
export function checkExtras(extras: Readonly<Record<string, unknown>>, pattern: string): RocketMQExtras {
  for (const [name, value] of Object.entries(extras)) {
    const row = Object.hasOwn(EXTRAS, name) ? EXTRAS[name as keyof RocketMQExtras] : undefined
    if (row === undefined) {
      throw new RocketMQSetupError(
        `handler of '${pattern}': unknown extra '${name}'; known: ${Object.keys(EXTRAS).join(', ')}`,
      )
    }
    if (value !== undefined && !row.check(value)) {
      throw new RocketMQSetupError(
        `handler of '${pattern}': extra '${name}' must be ${row.want}, not ${JSON.stringify(value)}`,
      )
    }
  }
  refuseContradictions(extras, pattern)
  return extras
}

/** Error classes become names, so that the extras stay serialisable. */
export function plainExtras(extras: RocketMQExtras): RocketMQExtras {
  if (extras.retry === undefined) return extras
  const names = (given: readonly ErrorName[] | undefined) => given?.map(errorName)
  const { deadLetter, ignore, ...rest } = extras.retry
  return {
    ...extras,
    retry: {
      ...rest,
      ...(deadLetter === undefined ? {} : { deadLetter: names(deadLetter) ?? [] }),
      ...(ignore === undefined ? {} : { ignore: names(ignore) ?? [] }),
    },
  }
}

function refuseContradictions(extras: RocketMQExtras, pattern: string): void {
  const { batch, orderly, retry, maxReconsumeTimes, ackMode } = extras
  const refuse = (why: string) => new RocketMQSetupError(`handler of '${pattern}': ${why}`)
  if (batch !== undefined && orderly === true) {
    throw refuse("'batch' and 'orderly' exclude each other: an orderly queue hands out one message at a time")
  }
  if (batch !== undefined && ackMode === 'manual') {
    throw refuse("'batch' needs no ackMode 'manual': each of context.getBatch() can be settled for itself")
  }
  if (retry?.attempts !== undefined && maxReconsumeTimes !== undefined) {
    throw refuse("'retry.attempts' and 'maxReconsumeTimes' say the same thing; keep one")
  }
}

type Check = (value: unknown) => boolean

const wholeNumber =
  (from: number, to: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= from && (value as number) <= to
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value)
const text: Check = (value) => typeof value === 'string' && value !== ''
/** An object with these fields, and no others. `undefined` is a field left out. */
const fields =
  (checks: Readonly<Record<string, Check>>, required: readonly string[]): Check =>
  (value) => {
    if (typeof value !== 'object' || value === null) return false
    const given = Object.entries(value).filter(([, one]) => one !== undefined)
    return (
      given.every(([name, one]) => Object.hasOwn(checks, name) && checks[name]?.(one) === true) &&
      required.every((name) => given.some(([present]) => present === name))
    )
  }
const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value))

const DAY_MS = 86_400_000

const EXTRAS: {
  readonly [Name in keyof Required<RocketMQExtras>]: { readonly check: Check; readonly want: string }
} = {
  group: { check: text, want: 'a group name' },
  concurrency: { check: wholeNumber(1, 1_000), want: '1 to 1,000' },
  orderly: { check: oneOf(true, false), want: 'true or false' },
  broadcast: { check: oneOf(true, false), want: 'true or false' },
  maxReconsumeTimes: { check: wholeNumber(0, 1_000_000), want: 'a whole number from 0' },
  from: {
    check: either(
      oneOf('first', 'last'),
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
      (value) => text(value) && !Number.isNaN(Date.parse(String(value))),
    ),
    want: "'first', 'last', ms since 1970 or an ISO date",
  },
  codec: { check: oneOf(...BODY_CODEC_NAMES), want: BODY_CODEC_NAMES.join(', ') },
  filter: { check: either(text, fields({ sql: text }, ['sql'])), want: "'tagA||tagB' or { sql }" },
  batch: {
    check: fields({ size: wholeNumber(2, 1_000), waitMs: wholeNumber(0, 60_000) }, ['size']),
    want: '{ size: 2 to 1,000, waitMs: 0 to 60,000 }',
  },
  retry: { check: retryPolicyFits, want: RETRY_WANT },
  dlq: {
    check: either(oneOf(true, false), fields({ topic: text }, ['topic'])),
    want: 'a boolean or { topic }',
  },
  ackMode: { check: oneOf('auto', 'manual'), want: "'auto' or 'manual'" },
  ackTimeoutMs: { check: wholeNumber(1, DAY_MS), want: '1 ms to a day' },
  rateLimit: {
    check: fields({ count: wholeNumber(1, 1_000_000), perMs: wholeNumber(1, DAY_MS) }, ['count', 'perMs']),
    want: '{ count, perMs }',
  },
  autoStart: { check: oneOf(true, false), want: 'true or false' },
}
