import { expect, test } from '@jest/globals'
import type { PutResult } from './message-store.js'
import { draft, drained, type Life, ROOT, started, stopped } from './store-bench.fixture.js'

const SYNC = { flushDiskType: 'SYNC_FLUSH' } as const

/** Places a message and lets it be written; a sync that starts stays in the pool. */
async function written({ clock, store }: Life, text: string): Promise<{ put: Promise<PutResult> }> {
  const before = store.watermarks.written
  const put = store.put(draft({ text }))
  await clock.settle(() => store.watermarks.written > before)
  return { put }
}

/** Two senders: the sync for one of them took 4 ms and has ended, what the other sent came meanwhile. */
async function halves(at: Life) {
  await at.clock.until(at.store.put(draft({ text: 'makes the file' })))
  const syncs = { done: 0 }
  at.disk.fault = ({ kind, path }) => {
    if (kind === 'sync' && path.includes('commitlog')) syncs.done++
    return undefined
  }
  const first = await written(at, 'a')
  const second = await written(at, 'b')
  at.clock.skip(4)
  expect((await at.clock.until(first.put)).status).toBe('PUT_OK')
  await at.clock.settle()
  expect(syncs.done).toBe(1)
  return { second: second.put, syncs }
}

test('what was written while a sync ran waits for the sender that it released', async () => {
  const at = await started(SYNC)
  const { second, syncs } = await halves(at)
  const both = await at.clock.until(Promise.all([second, at.store.put(draft({ text: 'c' }))]))
  expect(both.map(({ status }) => status)).toEqual(['PUT_OK', 'PUT_OK'])
  expect(syncs.done).toBe(2)
  await stopped(at)
})

test('a message that waits for a larger group is synced when none comes', async () => {
  const at = await started(SYNC)
  const { second, syncs } = await halves(at)
  await at.clock.pass(3)
  expect(syncs.done).toBe(1)
  await at.clock.pass(1)
  expect(syncs.done).toBe(2)
  expect((await at.clock.until(second)).status).toBe('PUT_OK')
  await stopped(at)
})

test('a store that stops does not wait for a larger group', async () => {
  const at = await started(SYNC)
  const { second } = await halves(at)
  await stopped(at)
  expect((await second).status).toBe('PUT_OK')
})

test('a disk that has room for a message and none for the zeros behind it takes the message', async () => {
  const at = await started()
  let writes = 0
  at.disk.fault = ({ kind, path }) => {
    if (kind !== 'write' || !path.includes('commitlog')) return undefined
    return writes++ === 0 ? { taken: 200 } : { code: 'ENOSPC' }
  }
  const put = await at.clock.until(at.store.put(draft({ text: 'just fits' })))
  expect(put.status).toBe('PUT_OK')
  expect(writes).toBe(2)
  at.disk.fault = () => undefined
  expect((await at.clock.until(at.store.put(draft()))).status).toBe('PUT_OK')
  expect((await drained(at, 'T', 0)).map(({ body }) => body.toString())).toEqual(['just fits', 'hello'])
  await stopped(at)
})

test('what stood in memory behind a cut is not written as zeros', async () => {
  const at = await started()
  await at.clock.until(at.store.put(draft({ text: 'x'.repeat(1_000) })))
  await at.clock.until(at.store.truncateTo(0))
  await at.clock.until(at.store.put(draft({ text: 'short' })))
  const { written } = at.store.watermarks
  const rest = Buffer.alloc(4_096 - written)
  at.disk.open(`${ROOT}/commitlog/00000000000000000000`).readSync(rest, 0, rest.length, written)
  expect(rest.findIndex((byte) => byte !== 0)).toBe(-1)
  await stopped(at)
})
