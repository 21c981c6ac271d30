import { wholeNumber } from '@rockhopper/seckill-contracts'

/** Requests decided in a second: what the database behind is meant to bear, not what arrives. */
export const DECISIONS_PER_SECOND = wholeNumber('SECKILL_RATE', { byDefault: 200, min: 1, max: 100_000 })

/** How long a win waits for its payment. */
export const PAY_WITHIN_MS =
  1_000 * wholeNumber('SECKILL_PAY_WITHIN_S', { byDefault: 120, min: 1, max: 86_400 })
