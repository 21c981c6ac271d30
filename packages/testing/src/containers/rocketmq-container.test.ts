import { expect, test } from '@jest/globals'
import { brokerConf } from './rocketmq-container.js'

test('the broker tells clients the port that is the same inside and outside, and takes further keys', () => {
  expect(brokerConf(40_123, { autoCreateTopicEnable: false })).toBe(
    'brokerIP1=127.0.0.1\nlistenPort=40123\nenablePropertyFilter=true\nautoCreateTopicEnable=false\n',
  )
})
