import { getEventListeners } from 'node:events'
import { expect, test } from '@jest/globals'
import { env } from './scripted-servers.fixture.js'
import { jittered, unlessAborted } from './wait.js'

test('pauses of many clients that lost the same broker are spread over half to one and a half', () => {
  const pauses = Array.from({ length: 1_000 }, () => jittered(env.random, 1_000))
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(500)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(1_500)
  const tenths = new Set(pauses.map((pause) => Math.floor((pause - 500) / 100)))
  expect(tenths.size).toBeGreaterThanOrEqual(10)
})

test('a wait that was aborted before it began ends, and a later failure troubles nobody', async () => {
  const waiting = unlessAborted(Promise.reject(new Error('late')), 'Waiting', AbortSignal.abort())
  await expect(waiting).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
})

test('a signal that is never aborted keeps no listener', async () => {
  const { signal } = new AbortController()
  expect(await unlessAborted(Promise.resolve(1), 'Waiting', signal)).toBe(1)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
