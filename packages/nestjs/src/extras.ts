import { BODY_CODEC_NAMES, type BodyCodecName } from './codec.js'
import { RocketMQSetupError } from './exceptions.js'

/**
 * What a handler may say beside its pattern: `@RocketMQEvent('order_topic', { group: 'mail' })`.
 * Serialisable.
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
  /** Where a group that never consumed begins. */
  readonly from?: 'first' | 'last'
  /** Form of the bodies this handler takes; default the strategy's. */
  readonly codec?: BodyCodecName
}

/** Extras that shape the group's consumer: handlers of one group must not contradict each other in them. */
export const GROUP_EXTRAS = ['concurrency', 'orderly', 'broadcast', 'maxReconsumeTimes', 'from'] as const

type Check = (value: unknown) => boolean

const wholeNumber =
  (from: number, to: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= from && (value as number) <= to
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value)

const EXTRAS: {
  readonly [Name in keyof Required<RocketMQExtras>]: { readonly check: Check; readonly want: string }
} = {
  group: { check: (value) => typeof value === 'string' && value !== '', want: 'a group name' },
  concurrency: { check: wholeNumber(1, 1_000), want: '1 to 1,000' },
  orderly: { check: oneOf(true, false), want: 'true or false' },
  broadcast: { check: oneOf(true, false), want: 'true or false' },
  maxReconsumeTimes: { check: wholeNumber(0, 1_000_000), want: 'a whole number from 0' },
  from: { check: oneOf('first', 'last'), want: "'first' or 'last'" },
  codec: { check: oneOf(...BODY_CODEC_NAMES), want: BODY_CODEC_NAMES.join(', ') },
}

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
  return extras
}
