import { SettingsError, wholeNumber } from '@rockhopper/shop-contracts'

/** How an order and the news of it become one: see the two `OrderCommit`s. */
export const PUBLISH_WAYS = ['outbox', 'transaction'] as const
export type PublishWay = (typeof PUBLISH_WAYS)[number]

export interface OrderSettings {
  readonly publish: PublishWay
  /** An order that is not paid by then is cancelled. */
  readonly paymentTimeoutMs: number
}

export const ORDER_SETTINGS = Symbol('ORDER_SETTINGS')

const HALF_HOUR_S = 1_800
const DAY_S = 86_400

/** @throws SettingsError that names the variable and what it takes. */
export function readOrderSettings(env: NodeJS.ProcessEnv = process.env): OrderSettings {
  const given = env['ORDER_PUBLISH'] || 'outbox'
  const publish = PUBLISH_WAYS.find((way) => way === given)
  if (publish === undefined)
    throw new SettingsError(`ORDER_PUBLISH=${given}: want ${PUBLISH_WAYS.join(' or ')}`)
  const limits = { byDefault: HALF_HOUR_S, min: 1, max: DAY_S }
  return {
    publish,
    paymentTimeoutMs: wholeNumber('ORDER_PAYMENT_TIMEOUT_S', limits, env) * 1_000,
  }
}
