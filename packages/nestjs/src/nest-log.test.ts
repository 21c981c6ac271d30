import { expect, test } from '@jest/globals'
import { nestLog } from './nest-log.js'

test('a warning names the next step, and is not repeated every second about the same thing', () => {
  const seen: unknown[] = []
  const log = nestLog({ log() {}, error() {}, warn: (said: unknown) => seen.push(said) })
  for (let second = 0; second < 5; second++) log.warn('client.rebalance.noRoute', { topic: 'a' })
  log.warn('client.rebalance.noRoute', { topic: 'b' })
  log.warn('client.other')
  const message = expect.stringContaining('rockhopper updateTopic')
  expect(seen).toEqual([
    { message, code: 'client.rebalance.noRoute', topic: 'a' },
    { message, code: 'client.rebalance.noRoute', topic: 'b' },
    { code: 'client.other' },
  ])
})
