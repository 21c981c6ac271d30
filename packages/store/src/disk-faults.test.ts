import { describe, expect, test } from '@jest/globals'
import { MqError } from '@rockhopper/message'
import { type DiskOperation, type Fault, type SimDisk, seeded, VirtualClock } from '@rockhopper/sim'
import {
  check,
  checkGoesOn,
  MODES,
  type Mode,
  type Outcome,
  reopened,
  scenario,
} from './short-life.fixture.js'
import { draft, drained, life, ROOT, restarted, SMALL, started, stopped } from './store-bench.fixture.js'

const SEED = 20_266
/** The tests of the store row go over a whole broker; here every so manieth operation is enough. */
const STEP = 5

/** The life, or undefined when the start was refused with an error that says why. */
async function livedWith(
  mode: Mode,
  fault: (operation: DiskOperation) => Fault,
): Promise<Outcome | undefined> {
  try {
    return await scenario(mode, SEED, (disk) => {
      disk.fault = fault
    })
  } catch (error) {
    expect(error).toBeInstanceOf(MqError)
    expect(String(error)).toMatch(/opening '\/store': .*: E[A-Z]+/)
    return undefined
  }
}

/** What was acknowledged is found after a power loss or a kill, and the store goes on. */
async function checkKept(mode: Mode, outcome: Outcome, n: number): Promise<void> {
  const random = seeded(SEED + n)
  const left = (clock: VirtualClock): SimDisk => {
    const { disk } = outcome.last
    return mode === 'SYNC_FLUSH' ? disk.afterPowerLoss(clock, random) : disk.afterKill(clock)
  }
  try {
    const found = await reopened(outcome, mode, left)
    await check(found, outcome, false)
    await checkGoesOn(found, mode)
  } catch (error) {
    throw new Error(`seed ${SEED}, operation ${n}`, { cause: error })
  }
}

async function operationsOf(mode: Mode): Promise<DiskOperation[]> {
  const operations: DiskOperation[] = []
  await scenario(mode, SEED, (disk) => {
    disk.fault = (operation) => void operations.push(operation)
  })
  return operations
}

const ofTheLog = ({ path }: DiskOperation) => path.startsWith(`${ROOT}/commitlog/`)

describe.each(MODES)('with %s', (mode) => {
  test('EIO at an operation loses nothing acknowledged, and one of the log ends the store', async () => {
    const operations = await operationsOf(mode)
    let failed = 0
    for (const [i, met] of operations.entries()) {
      const ends = ofTheLog(met) && (met.kind === 'write' || met.kind === 'sync')
      if (i % STEP !== 0 && !(ends && i % 2 === 0)) continue
      const n = i + 1
      const outcome = await livedWith(mode, (operation) => (operation.n === n ? { code: 'EIO' } : undefined))
      if (outcome === undefined) continue
      if (ends) {
        expect([n, outcome.last.store.state.kind, outcome.last.fatal.length]).toEqual([n, 'failed', 1])
        expect(outcome.last.store.place(draft()).status).toBe('SERVICE_NOT_AVAILABLE')
        failed++
      }
      await checkKept(mode, outcome, n)
    }
    expect(failed).toBeGreaterThan(5)
  })

  test('no room for some operations costs the sends of that time, and nothing acknowledged', async () => {
    const operations = await operationsOf(mode)
    let refused = 0
    for (let n = 20; n <= operations.length; n += STEP * 2) {
      const outcome = await livedWith(mode, ({ n: at, kind }) => {
        const takesRoom = kind !== 'sync' && kind !== 'sync-directory' && kind !== 'remove'
        return takesRoom && at >= n && at < n + 8 ? { code: 'ENOSPC', taken: at % 3 } : undefined
      })
      if (outcome === undefined) continue
      expect([n, outcome.last.fatal]).toEqual([n, []])
      refused += outcome.placed.length - outcome.acked.length > 3 ? 1 : 0
      await checkKept(mode, outcome, n)
    }
    expect(refused).toBeGreaterThan(0)
  })

  test('a disk that takes few bytes at a time is written in full', async () => {
    const outcome = await livedWith(mode, ({ kind, length, n }) => {
      return kind === 'write' && length > 13 ? { taken: 1 + (n % 13) } : undefined
    })
    // The three of the batch are placed without a promise.
    expect(outcome?.acked.length).toBe((outcome?.placed.length ?? 0) - 3)
    await checkKept(mode, outcome as Outcome, 0)
  })
})

test('without descriptors the log waits with its sync, and nothing else is lost', async () => {
  const first = await started({ flushDiskType: 'SYNC_FLUSH' })
  // The first file of the log is there, its name is not durable yet: for that the directory is opened.
  first.disk.fault = ({ kind, path }) =>
    kind === 'sync-directory' && path.endsWith('/commitlog') ? { code: 'EMFILE' } : undefined
  const put = first.store.put(draft())
  await first.clock.pass(1_000)
  expect(first.store.state.kind).toBe('open')
  expect(first.store.watermarks).toMatchObject({ synced: 0, readable: 0 })
  first.disk.fault = () => undefined
  await first.clock.pass(100)
  expect((await put).status).toBe('PUT_OK')
  await stopped(first)
})

test('a file of the log that cannot be made is told to those sends only', async () => {
  const first = await started()
  first.disk.fault = ({ kind, path }) =>
    kind === 'open' && path.includes('/commitlog/') ? { code: 'EMFILE' } : undefined
  expect(await first.clock.until(first.store.put(draft()))).toMatchObject({
    status: 'SERVICE_NOT_AVAILABLE',
    remark: 'the log cannot be written: EMFILE',
  })
  first.disk.fault = () => undefined
  expect(await first.clock.until(first.store.put(draft()))).toMatchObject({
    status: 'PUT_OK',
    queueOffset: 0,
  })
  await stopped(first)
})

test('a log that became read-only ends the store: no write after it is acknowledged', async () => {
  const first = await started()
  await first.clock.until(first.store.put(draft({ text: 'before' })))
  first.disk.fault = ({ kind }) => (kind === 'write' ? { code: 'EROFS' } : undefined)
  expect((await first.clock.until(first.store.put(draft()))).status).toBe('SERVICE_NOT_AVAILABLE')
  expect(first.store.state.kind).toBe('failed')
  expect(String(first.fatal[0])).toContain('EROFS')
  await stopped(first)
  expect((await drained(await restarted(first), 'T', 0)).map(({ body }) => body.toString())).toEqual([
    'before',
  ])
})

test.each(['EROFS', 'EACCES'])(
  'a directory that refuses to be written (%s) is named at the start',
  async (code) => {
    const first = life()
    first.disk.fault = () => ({ code })
    await expect(first.clock.until(first.store.start())).rejects.toThrow(
      new RegExp(`opening '/store': mkdir /store.*: ${code}`),
    )
    expect(first.store.state.kind).toBe('stopped')
  },
)

describe('a read that fails with EIO', () => {
  async function withRotten(position: number) {
    const first = await started()
    for (const topic of ['T', 'U'])
      for (let i = 0; i < 3; i++) await first.clock.until(first.store.put(draft({ topic, text: `${i}` })))
    await stopped(first)
    const next = await restarted(first)
    next.disk.readFault = ({ path, position: from, length }) =>
      path.includes('/commitlog/') && from <= position && position < from + length
        ? { code: 'EIO' }
        : undefined
    return next
  }

  test('in one record is told to who reads it; other queues, sends and the background go on', async () => {
    const next = await withRotten(100)
    await expect(drained(next, 'T', 0)).rejects.toThrow(/read \/store\/commitlog\/0{20}: EIO/)
    expect((await drained(next, 'U', 0)).map(({ body }) => body.toString())).toEqual(['0', '1', '2'])
    expect((await next.clock.until(next.store.put(draft({ topic: 'U', text: '3' })))).status).toBe('PUT_OK')
    // The background check meets it, too.
    await next.clock.pass(70_000)
    expect(next.store.state.kind).toBe('open')
    expect(next.fatal).toEqual([])
    expect(next.store.quarantined).toEqual([])
    next.disk.readFault = () => undefined
    expect((await drained(next, 'T', 0)).length).toBe(3)
    await stopped(next)
  })

  test('in the index or in a queue stays there', async () => {
    const first = await started()
    for (const topic of ['T', 'U'])
      for (let i = 0; i < 3; i++) await first.clock.until(first.store.put(draft({ topic, text: `${i}` })))
    await first.clock.pass(20_000)
    first.disk.readFault = ({ path }) => (path.includes('/consumequeue/T/') ? { code: 'EIO' } : undefined)
    await expect(drained(first, 'T', 0)).rejects.toThrow('EIO')
    expect((await drained(first, 'U', 0)).length).toBe(3)
    expect((await first.clock.until(first.store.put(draft({ text: '3' })))).status).toBe('PUT_OK')
    await first.clock.pass(20_000)
    expect(first.store.state.kind).toBe('open')
    first.disk.readFault = () => undefined
    expect((await drained(first, 'T', 0)).length).toBe(4)
    await stopped(first)
  })

  test('at the start refuses it, naming the file', async () => {
    const first = await started()
    await first.clock.until(first.store.put(draft()))
    first.disk.kill()
    const clock = new VirtualClock()
    const next = life(SMALL, first.disk.afterKill(clock), clock)
    next.disk.readFault = ({ path }) => (path.includes('/commitlog/') ? { code: 'EIO' } : undefined)
    await expect(clock.until(next.store.start())).rejects.toThrow(/commitlog\/0{20}: EIO/)
  })
})
