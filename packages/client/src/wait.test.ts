import { getEventListeners } from 'node:events'
import { expect, test } from '@jest/globals'
import { env } from './scripted-servers.fixture.js'
import { endedOrAborted, inTime, jittered, withAnyOf } from './wait.js'

// R27
test('pauses of many clients that lost the same broker are spread over half to one and a half', () => {
  const pauses = Array.from({ length: 1_000 }, () => jittered(env.random, 1_000))
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(500)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(1_500)
  const tenths = new Set(pauses.map((pause) => Math.floor((pause - 500) / 100)))
  expect(tenths.size).toBeGreaterThanOrEqual(10)
})

const { clock } = env
const never = () => new Promise<never>(() => {})

test('a wait that was aborted before it began ends, and a later failure troubles nobody', async () => {
  const waiting = inTime(clock, Promise.reject(new Error('late')), 'Waiting', { signal: AbortSignal.abort() })
  await expect(waiting).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
})

test('a wait ends at its deadline, and not before when it has none', async () => {
  const waiting = inTime(clock, never(), 'Waiting', { timeoutMs: 5 })
  await expect(waiting).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
  expect(await inTime(clock, Promise.resolve(1), 'Waiting', {})).toBe(1)
})

test('a signal that is never aborted keeps no listener, however the wait ends', async () => {
  const { signal } = new AbortController()
  const failing = () => Promise.reject(new Error('failed'))
  expect(await inTime(clock, Promise.resolve(1), 'Waiting', { signal })).toBe(1)
  await expect(inTime(clock, failing(), 'Waiting', { signal })).rejects.toThrow('failed')
  await expect(inTime(clock, never(), 'Waiting', { signal, timeoutMs: 1 })).rejects.toThrow('Waiting')
  await endedOrAborted(Promise.resolve(), signal)
  await expect(endedOrAborted(failing(), signal)).rejects.toThrow('failed')
  await withAnyOf([signal], async (any) => expect(any.aborted).toBe(false))
  await expect(withAnyOf([signal], failing)).rejects.toThrow('failed')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('work gets a signal that follows whichever of its signals aborts', async () => {
  const [first, second] = [new AbortController(), new AbortController()]
  await withAnyOf([first.signal, second.signal], async (any) => {
    second.abort('second')
    expect(any).toMatchObject({ aborted: true, reason: 'second' })
  })
  await withAnyOf([first.signal, second.signal], async (any) => expect(any.aborted).toBe(true))
})
