import { describe, expect, test } from '@jest/globals'
import type { AdvanceEvent, PutResult } from './message-store.js'
import { draft, drained, type Life, logRecords, restarted, started, stopped } from './store-bench.fixture.js'

const LARGE = { mappedFileSizeCommitLog: 64 * 1024 * 1024 }

/** Makes the next writes of the log pooled ones, and keeps one of them from ending until `go`. */
async function stalled(at: Life, text = 'under way') {
  at.disk.fault = ({ kind, path }) =>
    kind === 'write' && path.includes('commitlog') ? { slowMs: 20 } : undefined
  await at.clock.until(at.store.put(draft({ text: 'slow' })))
  at.disk.fault = () => undefined
  const { written } = at.store.watermarks
  const underWay = at.store.put(draft({ text }))
  await at.clock.settle(() => at.clock.pool.length > 0)
  const held = at.clock.pool.splice(0)
  expect(held.length).toBe(1)
  expect(at.store.watermarks.written).toBe(written)
  const go = async () => {
    at.clock.pool.push(...held)
    return at.clock.until(underWay)
  }
  return { go }
}

/** What the put came to, and when it did. */
function timed({ clock }: Life, put: Promise<PutResult>) {
  const outcome: { status?: string; remark?: string; at?: number } = {}
  void put.then((result) => {
    outcome.status = result.status
    if ('remark' in result) outcome.remark = result.remark
    outcome.at = clock.monotonic()
  })
  return outcome
}

const textsOf = async (at: Life) => (await drained(at, 'T', 0)).map(({ body }) => body.toString())

/** Where the write of the next message takes place. */
async function nextWrite(at: Life): Promise<'loop' | 'pool'> {
  const before = at.store.watermarks.written
  const put = at.store.put(draft({ text: 'next' }))
  await at.clock.settle(() => at.store.watermarks.written > before || at.clock.pool.length > 0)
  const place = at.store.watermarks.written > before ? 'loop' : 'pool'
  expect((await at.clock.until(put)).status).toBe('PUT_OK')
  return place
}

describe('behind a write on the pool', () => {
  test('the loop writes again when only the loop was late to hear of its end', async () => {
    const at = await started()
    const { go } = await stalled(at)
    at.clock.skip(20)
    await go()
    expect(await nextWrite(at)).toBe('loop')
    await stopped(at)
  })

  test('the pool writes the next one when it was under way for 5 ms and two turns of the loop', async () => {
    const at = await started()
    const { go } = await stalled(at)
    await at.clock.pass(6)
    await go()
    expect(await nextWrite(at)).toBe('pool')
    // That one was quick.
    expect(await nextWrite(at)).toBe('loop')
    await stopped(at)
  })
})

describe('behind a write of the log that does not end', () => {
  test('a send hears after 200 ms that the disk is busy, and the write under way is kept', async () => {
    const first = await started()
    const { go } = await stalled(first)
    const lost: NonNullable<AdvanceEvent['lost']>[] = []
    first.store.onAdvance((event) => void (event.lost && lost.push(event.lost)))
    const since = first.clock.monotonic()
    const behind = timed(first, first.store.put(draft({ text: 'behind' })))
    await first.clock.pass(150)
    const later = timed(first, first.store.put(draft({ text: 'later' })))
    await first.clock.pass(49)
    expect([behind.status, later.status]).toEqual([undefined, undefined])
    await first.clock.pass(1)
    const busy = { status: 'OS_PAGE_CACHE_BUSY', remark: 'period in queue: 200ms', at: since + 200 }
    expect([behind, later]).toEqual([busy, busy])
    expect(lost.map(({ status }) => status)).toEqual(['OS_PAGE_CACHE_BUSY'])
    const again = first.store.put(draft({ text: 'again' }))
    // Queue offsets follow what is kept.
    expect(await go()).toMatchObject({ status: 'PUT_OK', queueOffset: 1 })
    expect(await first.clock.until(again)).toMatchObject({ status: 'PUT_OK', queueOffset: 2 })
    expect(await textsOf(first)).toEqual(['slow', 'under way', 'again'])
    expect((await logRecords(first, 4_096)).map(({ body }) => body.toString())).toEqual(await textsOf(first))
    first.disk.kill()
    expect(await textsOf(await restarted(first))).toEqual(['slow', 'under way', 'again'])
  })

  test('sends are refused at once when it has taken a second, and taken again when it ends', async () => {
    const first = await started()
    const { go } = await stalled(first)
    await first.clock.pass(1_001)
    expect(first.store.writingMs).toBe(1_001)
    const before = first.store.watermarks.placed
    expect(first.store.place(draft())).toEqual({
      status: 'OS_PAGE_CACHE_BUSY',
      remark: 'a write has taken 1001 ms',
    })
    expect(first.store.placeBatch(draft(), []).status).toBe('OS_PAGE_CACHE_BUSY')
    expect(first.store.watermarks.placed).toBe(before)
    await go()
    expect(first.store.writingMs).toBe(0)
    expect((await first.clock.until(first.store.put(draft()))).status).toBe('PUT_OK')
    await stopped(first)
  })

  test('pulls go on, and what waits is bounded however long it takes', async () => {
    const first = await started(LARGE)
    const { go } = await stalled(first)
    let waitingMax = 0
    const outcomes: ReturnType<typeof timed>[] = []
    for (let ms = 0; ms < 10_000; ms += 5) {
      for (let i = 0; i < 5; i++) {
        outcomes.push(timed(first, first.store.put(draft({ body: Buffer.alloc(1_000) }))))
      }
      await first.clock.pass(5)
      const { placed, written } = first.store.watermarks
      waitingMax = Math.max(waitingMax, placed - written)
      if (ms % 1_000 === 0) expect(await textsOf(first)).toEqual(['slow'])
    }
    // 200 ms of 1 MB a second, and one write.
    expect(waitingMax).toBeLessThan(260_000)
    await first.clock.pass(200)
    expect(outcomes.filter(({ status }) => status !== 'OS_PAGE_CACHE_BUSY')).toEqual([])
    await go()
    expect(await textsOf(first)).toEqual(['slow', 'under way'])
    await stopped(first)
  })

  test('what is taken back does not take along what a reader still holds of the same memory', async () => {
    const first = await started(LARGE)
    const { go } = await stalled(first)
    const query = { topic: 'T', queueId: 0, queueOffset: 0, countMax: 32, holder: {} }
    const lent = await first.clock.until(first.store.getMessage(query))
    expect(lent.status).toBe('FOUND')
    const behind = timed(first, first.store.put(draft({ text: 'behind' })))
    await first.clock.pass(200)
    expect(behind.status).toBe('OS_PAGE_CACHE_BUSY')
    lent.release()
    const after = first.store.put(draft({ text: 'after' }))
    await go()
    expect((await first.clock.until(after)).status).toBe('PUT_OK')
    first.disk.kill()
    expect(await textsOf(await restarted(first, LARGE))).toEqual(['slow', 'under way', 'after'])
  })
})

describe('a sync of the log', () => {
  test.each([300, 4_999])('that takes %i ms is waited for', async (ms) => {
    const first = await started({ flushDiskType: 'SYNC_FLUSH' })
    const put = timed(first, first.store.put(draft()))
    await first.clock.settle(() => first.store.watermarks.written > 0)
    const held = first.clock.pool.splice(0)
    await first.clock.pass(ms)
    expect(put.status).toBeUndefined()
    first.clock.pool.push(...held)
    await first.clock.settle()
    expect(put.status).toBe('PUT_OK')
    await stopped(first)
  })

  test('that never ends: each send is told FLUSH_DISK_TIMEOUT after 5 s, none that of busy', async () => {
    const first = await started({ flushDiskType: 'SYNC_FLUSH' })
    expect((await first.clock.until(first.store.put(draft({ text: 'synced' })))).status).toBe('PUT_OK')
    first.disk.fault = ({ kind, path }) =>
      kind === 'sync' && path.includes('commitlog') ? 'hang' : undefined
    const outcomes: [number, ReturnType<typeof timed>][] = []
    for (let ms = 0; ms < 8_000; ms += 100) {
      outcomes.push([first.clock.monotonic(), timed(first, first.store.put(draft()))])
      await first.clock.pass(100)
    }
    await first.clock.pass(5_000)
    for (const [since, { status, at }] of outcomes) {
      expect(status).toBe('FLUSH_DISK_TIMEOUT')
      expect((at ?? 0) - since).toBe(5_000)
    }
    expect(outcomes.length).toBe(80)
    // Nothing is shown that may vanish.
    expect(await textsOf(first)).toEqual(['synced'])
    expect(first.store.state.kind).toBe('open')
  })
})
