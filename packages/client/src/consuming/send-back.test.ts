import { expect, test } from '@jest/globals'
import { viewAt } from '../message-view.fixture.js'
import { retryMessage } from './send-back.js'

const I32_MAX = 2 ** 31 - 1

test.each([0, 16, I32_MAX])(
  'a dead letter of a limit of %d is above the limit it carries, within what the wire can carry',
  (limit) => {
    const { reconsumeTimes, maxReconsumeTimes = NaN } = retryMessage(viewAt(1), 'g', limit, -1)
    expect(reconsumeTimes).toBeGreaterThan(maxReconsumeTimes)
    expect(reconsumeTimes).toBeLessThanOrEqual(I32_MAX)
    expect(maxReconsumeTimes).toBe(Math.min(limit, I32_MAX - 1))
  },
)

test('what a consumer says about a dead letter travels as properties beside those of the message', () => {
  const { propertiesText } = retryMessage(viewAt(1), 'g', 16, -1, { reason: 'no stock' })
  expect(propertiesText).toContain('reason\u0001no stock')
  expect(propertiesText).toContain('RETRY_TOPIC\u0001')
})
