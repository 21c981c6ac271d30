import { expect, test } from '@jest/globals'
import { readOrderSettings } from './order-settings.js'

test('orders are published by the outbox and have half an hour to be paid, unless told otherwise', () => {
  expect(readOrderSettings({})).toEqual({ publish: 'outbox', paymentTimeoutMs: 1_800_000 })
  const env = { ORDER_PUBLISH: 'transaction', ORDER_PAYMENT_TIMEOUT_S: '20' }
  expect(readOrderSettings(env)).toEqual({ publish: 'transaction', paymentTimeoutMs: 20_000 })
})

test.each([
  [{ ORDER_PUBLISH: 'kafka' }, 'ORDER_PUBLISH=kafka: want outbox or transaction'],
  [{ ORDER_PAYMENT_TIMEOUT_S: '0' }, 'ORDER_PAYMENT_TIMEOUT_S=0: want a whole number from 1 to 86400'],
])('%j is refused, and the refusal names the variable and what it takes', (env, says) => {
  expect(() => readOrderSettings(env)).toThrow(says)
})
