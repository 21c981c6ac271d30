import { expect, test } from '@jest/globals'
import { VirtualClock } from '../virtual-clock.fixture.js'
import { AVG, queueKey } from './allocation.js'
import { HANDOVER_MS, Handover } from './handover.js'

const QUEUES = Array.from({ length: 4 }, (_, queueId) => ({ topic: 'T', brokerName: 'a', queueId }))

/** Ids of the queues that member `me` may take at once, of those that are to be its own. */
function readyOf(handover: Handover, me: string, clientIds: readonly string[]): number[] {
  const wanted = AVG.allocate(QUEUES, clientIds, me)
  const ready = handover.ready({ topic: 'T', queues: QUEUES, clientIds }, wanted)
  return wanted.filter((queue) => ready.has(queueKey(queue))).map(({ queueId }) => queueId)
}

// R30
test('who joins leaves queues to those that had them, for as long as they need to commit', async () => {
  const clock = new VirtualClock()
  const handover = new Handover(clock, 'b', AVG)
  expect(readyOf(handover, 'b', ['a', 'b'])).toEqual([])
  expect(handover.dueInMs()).toBe(HANDOVER_MS)
  await clock.advance(HANDOVER_MS)
  expect(handover.dueInMs()).toBeUndefined()
  expect(readyOf(handover, 'b', ['a', 'b'])).toEqual([2, 3])
})

test('who is alone, and who follows on one that is gone, takes queues at once', () => {
  const clock = new VirtualClock()
  const handover = new Handover(clock, 'a', AVG)
  expect(readyOf(handover, 'a', ['a'])).toEqual([0, 1, 2, 3])
  for (const queue of QUEUES) handover.taken(queue)
  const second = new Handover(clock, 'c', AVG)
  readyOf(second, 'c', ['b', 'c'])
  expect(readyOf(second, 'c', ['c'])).toEqual([0, 1])
})

test('queues of a member that came and went meanwhile are taken at once', async () => {
  const clock = new VirtualClock()
  const handover = new Handover(clock, 'b', AVG)
  readyOf(handover, 'b', ['a', 'b'])
  await clock.advance(HANDOVER_MS - 1)
  // Queue 3 goes to c.
  expect(readyOf(handover, 'b', ['a', 'b', 'c'])).toEqual([])
  expect(readyOf(handover, 'b', ['a', 'b'])).toEqual([3])
  await clock.advance(1)
  expect(readyOf(handover, 'b', ['a', 'b'])).toEqual([2, 3])
})
