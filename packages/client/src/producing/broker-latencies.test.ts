import { expect, test } from '@jest/globals'
import { VirtualClock } from '../virtual-clock.fixture.js'
import { BrokerLatencies } from './broker-latencies.js'

const BROKERS = ['a', 'b', 'c']

test('a broker that was slow is left alone for as long as Apache does, then tried again', async () => {
  const clock = new VirtualClock()
  const latencies = new BrokerLatencies(clock)
  expect([...latencies.usable(BROKERS)]).toEqual(BROKERS)
  latencies.answered('a', 549)
  latencies.answered('b', 550)
  latencies.failed('c')
  expect([...latencies.usable(BROKERS)]).toEqual(['a'])
  await clock.advance(2_000)
  expect([...latencies.usable(BROKERS)]).toEqual(['a', 'b'])
  await clock.advance(8_000)
  expect([...latencies.usable(BROKERS)]).toEqual(BROKERS)
})

test('when all are slow the quickest of them is taken', () => {
  const latencies = new BrokerLatencies(new VirtualClock())
  latencies.failed('a')
  latencies.answered('b', 1_900)
  latencies.answered('c', 4_000)
  expect([...latencies.usable(BROKERS)]).toEqual(['b'])
  expect([...latencies.usable(['a', 'c'])]).toEqual(['c'])
})
