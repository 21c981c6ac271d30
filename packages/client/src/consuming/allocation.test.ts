import { describe, expect, test } from '@jest/globals'
import {
  type AllocateStrategy,
  AVG,
  AVG_BY_CIRCLE,
  allocateByConfig,
  compareQueues,
  queueKey,
} from './allocation.js'

const queuesOf = (brokers: number, each: number) =>
  Array.from({ length: brokers * each }, (_, at) => ({
    topic: 'T',
    brokerName: `broker-${String.fromCharCode(97 + Math.floor(at / each))}`,
    queueId: at % each,
  }))
const clientsOf = (count: number) =>
  Array.from({ length: count }, (_, at) => `10.0.0.1@${String(at).padStart(3, '0')}`)
const shares = (strategy: AllocateStrategy, queues: number, clients: number) => {
  const all = queuesOf(1, queues)
  const ids = clientsOf(clients)
  return ids.map((id) => strategy.allocate(all, ids, id).map((queue) => queue.queueId))
}

describe('allocation', () => {
  test.each([AVG, AVG_BY_CIRCLE])(
    '$name gives every queue to exactly one member, and nobody two more than another',
    (strategy) => {
      for (let clients = 1; clients <= 12; clients++) {
        for (let brokers = 1; brokers <= 3; brokers++) {
          for (let each = 0; each <= 9; each++) {
            const queues = queuesOf(brokers, each)
            const ids = clientsOf(clients)
            const parts = ids.map((id) => strategy.allocate(queues, ids, id))
            expect(parts.flat().map(queueKey).sort()).toEqual(queues.map(queueKey).sort())
            const sizes = parts.map((part) => part.length)
            expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
          }
        }
      }
    },
  )

  // Worked by hand from AllocateMessageQueueAveragely and ...ByCircle.
  test('AVG gives runs, the longer ones first', () => {
    expect(shares(AVG, 8, 3)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7],
    ])
    expect(shares(AVG, 2, 4)).toEqual([[0], [1], [], []])
  })

  test('AVG_BY_CIRCLE deals queues in turn', () => {
    expect(shares(AVG_BY_CIRCLE, 8, 3)).toEqual([
      [0, 3, 6],
      [1, 4, 7],
      [2, 5],
    ])
  })

  test.each([AVG, AVG_BY_CIRCLE])('$name gives nothing to who is not a member', (strategy) => {
    expect(strategy.allocate(queuesOf(1, 4), clientsOf(2), 'stranger')).toEqual([])
  })

  test('CONFIG gives the configured queues that exist, whoever else is there', () => {
    const [first, second] = queuesOf(1, 2)
    const gone = { topic: 'T', brokerName: 'broker-z', queueId: 0 }
    const strategy = allocateByConfig([second as never, gone])
    expect(strategy.allocate([first as never, second as never], clientsOf(5), 'anybody')).toEqual([second])
  })

  test('queues are ordered by topic, broker name and then queue id as a number', () => {
    const sorted = [
      { topic: 'A', brokerName: 'b', queueId: 2 },
      { topic: 'A', brokerName: 'b', queueId: 10 },
      { topic: 'A', brokerName: 'c', queueId: 0 },
      { topic: 'B', brokerName: 'a', queueId: 0 },
    ]
    expect([...sorted].reverse().sort(compareQueues)).toEqual(sorted)
  })
})
