import { expect, test } from '@jest/globals'
import { encodeProperties } from '@rockhopper/message'
import type { Fault } from '@rockhopper/sim'
import type { AdvanceEvent } from './message-store.js'
import { draft, drained, type Life, restarted, started, stopped } from './store-bench.fixture.js'

async function statuses(at: Life, count: number): Promise<string[]> {
  const results = Array.from({ length: count }, (_, i) => at.store.put(draft({ text: `message ${i}` })))
  return (await at.clock.until(Promise.all(results))).map(({ status }) => status)
}

function failLog(at: Life, kind: 'write' | 'sync' | 'open', fault: Fault): void {
  at.disk.fault = (operation) =>
    operation.kind === kind && operation.path.includes('commitlog') ? fault : undefined
}

test.each([
  ['at once', { code: 'ENOSPC' }],
  ['after some bytes', { code: 'ENOSPC', taken: 150 }],
])(
  'a full disk, noticed %s, fails those sends only, and the store goes on when there is room',
  async (_, fault) => {
    const first = await started()
    const events: AdvanceEvent[] = []
    first.store.onAdvance((event) => events.push(event))
    expect(await statuses(first, 1)).toEqual(['PUT_OK'])
    const { written } = first.store.watermarks
    failLog(first, 'write', fault)
    const full = await first.clock.until(first.store.put(draft({ text: 'no room' })))
    expect(full).toMatchObject({ status: 'SERVICE_NOT_AVAILABLE', remark: 'disk full' })
    expect(await statuses(first, 3)).toEqual(Array(3).fill('SERVICE_NOT_AVAILABLE'))
    expect(first.store.state.kind).toBe('open')
    expect(first.store.watermarks).toMatchObject({ placed: written, written })
    expect(events.at(-1)?.lost).toMatchObject({ from: written, status: 'SERVICE_NOT_AVAILABLE' })
    expect((await drained(first, 'T', 0)).length).toBe(1)
    first.disk.fault = () => undefined
    const again = await first.clock.until(first.store.put(draft({ text: 'room again' })))
    expect(again).toMatchObject({ status: 'PUT_OK', queueOffset: 1, physicalOffset: written })
    first.disk.kill()
    const texts = (await drained(await restarted(first), 'T', 0)).map(({ body }) => body.toString())
    expect(texts).toEqual(['message 0', 'room again'])
  },
)

test('with SYNC_FLUSH, offsets of written but unsynced messages survive a full disk', async () => {
  const first = await started({ flushDiskType: 'SYNC_FLUSH' })
  // Written, and the sync is still in the pool when the next write meets the full disk.
  const one = first.store.put(draft({ text: 'one' }))
  await first.clock.settle(() => first.store.watermarks.written > 0)
  failLog(first, 'write', { code: 'ENOSPC' })
  const two = first.store.put(draft({ text: 'two' }))
  expect((await first.clock.until(two)).status).toBe('SERVICE_NOT_AVAILABLE')
  expect((await first.clock.until(one)).status).toBe('PUT_OK')
  first.disk.fault = () => undefined
  expect(await first.clock.until(first.store.put(draft({ text: 'three' })))).toMatchObject({ queueOffset: 1 })
  await stopped(first)
})

test.each(['consumequeue', 'index'])(
  'what could not be synced in %s is synced by the next checkpoint',
  async (part) => {
    const first = await started()
    first.store.place(draft({ properties: encodeProperties({ KEYS: 'k' }) }))
    let refused = 0
    let synced = 0
    first.disk.fault = ({ kind, path }) => {
      if (kind !== 'sync' || !path.includes(part)) return undefined
      if (refused === 0) {
        refused++
        return { code: 'ENOSPC' }
      }
      synced++
      return undefined
    }
    await first.clock.pass(60_000)
    expect({ refused, synced }).toEqual({ refused: 1, synced: 1 })
    await stopped(first)
  },
)

test('a short write is completed', async () => {
  const first = await started()
  failLog(first, 'write', { taken: 7 })
  expect(await statuses(first, 3)).toEqual(Array(3).fill('PUT_OK'))
  first.disk.kill()
  expect((await drained(await restarted(first), 'T', 0)).length).toBe(3)
})

test.each([
  ['sync', 'SYNC_FLUSH'],
  ['write', 'SYNC_FLUSH'],
  ['write', 'ASYNC_FLUSH'],
] as const)(
  'EIO on %s with %s ends the store: no later acknowledgement, told once',
  async (kind, flushDiskType) => {
    const first = await started({ flushDiskType })
    expect(await statuses(first, 1)).toEqual(['PUT_OK'])
    failLog(first, kind, { code: 'EIO' })
    expect(await statuses(first, 2)).toEqual(Array(2).fill('SERVICE_NOT_AVAILABLE'))
    first.disk.fault = () => undefined
    expect(first.store.place(draft()).status).toBe('SERVICE_NOT_AVAILABLE')
    expect(first.store.state.kind).toBe('failed')
    expect(first.fatal.length).toBe(1)
    await first.clock.pass(20_000)
    expect(first.fatal.length).toBe(1)
    await stopped(first)
    // Not stopped properly: the next start recovers.
    const next = await restarted(first, { flushDiskType })
    expect((await drained(next, 'T', 0)).map(({ queueOffset }) => queueOffset)).toContain(0)
  },
)

test('EIO on the background sync of ASYNC_FLUSH ends the store and shows only synced messages', async () => {
  const first = await started()
  expect(await statuses(first, 2)).toEqual(['PUT_OK', 'PUT_OK'])
  failLog(first, 'sync', { code: 'EIO' })
  await first.clock.pass(600)
  expect(first.store.state.kind).toBe('failed')
  expect(first.store.watermarks.readable).toBe(0)
  expect((await drained(first, 'T', 0)).length).toBe(0)
})

test('a sync that fails is told at once to whoever waits for it, and stop does not wait', async () => {
  const first = await started()
  failLog(first, 'sync', { code: 'EIO' })
  const put = first.store.put(draft(), 'synced')
  // `until` lets no time pass: a wait for the timeout of the sync would be found pending.
  expect(await first.clock.until(put)).toMatchObject({ status: 'SERVICE_NOT_AVAILABLE' })
  await stopped(first)
  expect(first.clock.timerCount).toBe(0)
})

test('a slow disk moves the writes to the pool, and the results stay the same', async () => {
  const first = await started()
  failLog(first, 'write', { slowMs: 20 })
  expect(await statuses(first, 4)).toEqual(Array(4).fill('PUT_OK'))
  expect(await statuses(first, 4)).toEqual(Array(4).fill('PUT_OK'))
  expect((await drained(first, 'T', 0)).map(({ queueOffset }) => queueOffset)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7,
  ])
  await stopped(first)
})

test('a sync that does not come in time is answered FLUSH_DISK_TIMEOUT with the offsets', async () => {
  const first = await started({ flushDiskType: 'SYNC_FLUSH' })
  const put = first.store.put(draft())
  await first.clock.settle(() => first.store.watermarks.written > 0)
  const pooled = first.clock.pool.splice(0)
  await first.clock.pass(5_001)
  expect(await first.clock.until(put)).toMatchObject({
    status: 'FLUSH_DISK_TIMEOUT',
    queueOffset: 0,
    physicalOffset: 0,
  })
  first.clock.pool.push(...pooled)
  await first.clock.settle()
  expect(first.store.watermarks.synced).toBeGreaterThan(0)
  await stopped(first)
})

test('queue entries that find no space are read from memory and written later', async () => {
  const first = await started()
  first.disk.fault = ({ path, kind }) =>
    path.includes('consumequeue') && kind !== 'read' ? { code: 'ENOSPC' } : undefined
  expect(await statuses(first, 5)).toEqual(Array(5).fill('PUT_OK'))
  await first.clock.pass(15_000)
  expect((await drained(first, 'T', 0)).length).toBe(5)
  first.disk.fault = () => undefined
  await first.clock.pass(15_000)
  await stopped(first)
  expect((await drained(await restarted(first), 'T', 0)).length).toBe(5)
})

test.each(['onAdvance', 'onArrival'] as const)(
  'a listener of %s that throws ends the store',
  async (kind) => {
    const first = await started()
    first.store[kind](() => {
      throw new Error('planted')
    })
    first.store.place(draft())
    await first.clock.settle()
    expect(first.store.state.kind).toBe('failed')
    expect(first.store.place(draft()).status).toBe('SERVICE_NOT_AVAILABLE')
  },
)
