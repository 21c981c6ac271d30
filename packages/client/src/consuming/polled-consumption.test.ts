import { getEventListeners } from 'node:events'
import { expect, test } from '@jest/globals'
import { QUEUE, viewAt } from '../message-view.fixture.js'
import { env } from '../scripted-servers.fixture.js'
import { PolledConsumption } from './polled-consumption.js'
import { ProcessQueue } from './process-queue.js'

const LIMITS = { messagesMax: 1_000, bytesMax: 1_000_000, spanMax: 2_000 }

function filled(polled: PolledConsumption, count: number): ProcessQueue {
  const processQueue = new ProcessQueue(QUEUE, 0, LIMITS)
  const pulled = Array.from({ length: count }, (_, at) => ({ message: viewAt(at) }))
  polled.submit(processQueue, processQueue.put(pulled, count))
  return processQueue
}

// R26
test('what was pulled of a queue goes with the queue, however often it is taken anew', async () => {
  const polled = new PolledConsumption(env.clock, env.log)
  const { signal } = new AbortController()
  for (let round = 0; round < 10; round++) {
    const processQueue = filled(polled, 100)
    await polled.take(10, 0, [signal])
    processQueue.leave()
    await polled.quiet(processQueue)
    processQueue.drop()
  }
  expect(polled.count).toBe(0)
})

test('two polls that wait at once both hear of what comes, and leave nothing at their signals', async () => {
  const polled = new PolledConsumption(env.clock, env.log)
  const signals = [new AbortController().signal, new AbortController().signal]
  const polls = signals.map((signal) => polled.take(1, 60_000, [signal]))
  filled(polled, 2)
  const taken = (await Promise.all(polls)).flat()
  expect(taken.map(({ queueOffset }) => queueOffset)).toEqual([0, 1])
  for (const signal of signals) expect(getEventListeners(signal, 'abort')).toEqual([])
})
