import { expect, test } from '@jest/globals'
import { assortedMessages, essence, type Planned } from './plan.js'
import { differences, type ReceivedLine } from './received.js'

const PLANNED = assortedMessages('topic', 8, 'planned')
const RECEIVED = PLANNED.map((message, index) => arrived(message, index))

test('messages that came as planned, in any order, have no differences', () => {
  expect(differences([...RECEIVED].reverse(), PLANNED)).toEqual([])
})

test('a message that did not come is named', () => {
  expect(differences(RECEIVED.slice(1), PLANNED)).toEqual(['planned-0: did not come'])
})

test('a message that came twice is named, with the place of the second', () => {
  expect(differences([...RECEIVED, arrived(PLANNED[3] as Planned, 77)], PLANNED)).toEqual([
    'planned-3: not expected (again?) at 1/77',
  ])
})

test.each([
  ['body', { bodySha1: '0'.repeat(40) }],
  ['tag', { tags: 'another' }],
  ['keys', { keys: 'planned-2 more' }],
  ['property', { properties: { origin: 'planned', index: '2', note: 'changed' } }],
])('a changed %s is a difference', (_, change) => {
  const received = RECEIVED.map((line, index) => (index === 2 ? { ...line, ...change } : line))
  expect(differences(received, PLANNED)).toEqual([expect.stringMatching(/^planned-2: planned .* came /)])
})

function arrived(message: Planned, queueOffset: number): ReceivedLine {
  const known = essence(message)
  return {
    ...known,
    event: 'received',
    properties: { ...known.properties, UNIQ_KEY: `id-${queueOffset}` },
    topic: message.topic,
    text: null,
    brokerName: 'broker-a',
    queueId: 1,
    queueOffset,
    msgId: `id-${queueOffset}`,
    reconsumeTimes: 0,
  }
}
