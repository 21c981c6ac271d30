import { describe, expect, test } from '@jest/globals'
import { MqError } from '@rockhopper/message'
import { RoundRobin, selectByHash } from './queue-selection.js'
import { mayRetry } from './send-retry.js'

const random = { float: () => 0, int: () => 0 }
const queuesOf = (...brokers: string[]) =>
  brokers.flatMap((brokerName) => [0, 1].map((queueId) => ({ topic: 'T', brokerName, queueId })))
const message = { topic: 'T', body: '' }

describe('queue selection', () => {
  test('sends go round all queues', () => {
    const robin = new RoundRobin(random)
    const queues = queuesOf('a', 'b')
    const chosen = Array.from({ length: 8 }, () => robin.select('T', queues))
    expect(chosen).toEqual([...queues, ...queues])
  })

  test('a retry goes to another broker while there is one', () => {
    const robin = new RoundRobin(random)
    const queues = queuesOf('a', 'b', 'c')
    for (let send = 0; send < 20; send++) {
      const first = robin.select('T', queues)
      expect(robin.select('T', queues, first.brokerName).brokerName).not.toBe(first.brokerName)
    }
  })

  test('a retry with one broker only takes another of its queues', () => {
    const robin = new RoundRobin(random)
    const queues = queuesOf('a')
    const first = robin.select('T', queues)
    expect(robin.select('T', queues, 'a')).not.toEqual(first)
  })

  test('a route that shrank does not break the round', () => {
    const robin = new RoundRobin(random)
    for (let send = 0; send < 5; send++) robin.select('T', queuesOf('a', 'b', 'c'))
    expect(queuesOf('a')).toContainEqual(robin.select('T', queuesOf('a')))
  })

  // Java: "order-1".hashCode() is -1207111310, "TagA".hashCode() is 2598919 (remoting.md section 38).
  test('a sharding key finds its queue by Java hashCode without its sign', () => {
    const queues = queuesOf('a', 'b')
    expect(selectByHash('order-1')(queues, message)).toEqual(queues[1207111310 % 4])
    expect(selectByHash('TagA')(queues, message)).toEqual(queues[2598919 % 4])
  })
})

describe('send retry', () => {
  test.each([17, 14, 1, 16, 204, 205, 2, 1500])('code %i is tried elsewhere', (responseCode) => {
    expect(mayRetry(new MqError('RESPONSE_REFUSED', 'x', { responseCode }))).toBe(true)
  })
  test.each([13, 3, 29, 26, 215])('code %i is final', (responseCode) => {
    expect(mayRetry(new MqError('RESPONSE_REFUSED', 'x', { responseCode }))).toBe(false)
  })
  test('a broken way to the broker is tried elsewhere, an aborted call is not', () => {
    expect(mayRetry(new MqError('CONNECT_FAILED', 'x'))).toBe(true)
    expect(mayRetry(new MqError('CONNECTION_CLOSED', 'x'))).toBe(true)
    expect(mayRetry(new MqError('REQUEST_TIMEOUT', 'x'))).toBe(true)
    expect(mayRetry(new MqError('REQUEST_ABORTED', 'x'))).toBe(false)
    expect(mayRetry(new TypeError('a bug'))).toBe(false)
  })
})
