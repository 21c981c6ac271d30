import { describe, expect, test } from '@jest/globals'
import { encodeProperties } from '@rockhopper/message'
import { draft, drained, type Life, ROOT, restarted, started, stopped } from '../store-bench.fixture.js'

const HOUR_MS = 3_600_000
const LOG = `${ROOT}/commitlog/`
const SEGMENT = 4_096

function logFiles({ disk }: Life): string[] {
  return disk
    .paths()
    .filter((path) => path.startsWith(LOG))
    .map((path) => path.slice(-6))
}

function indexFiles({ disk }: Life): number {
  return disk.paths().filter((path) => path.includes('/index/')).length
}

/** Some 40 records of about 100 bytes fill one file. */
async function filled(at: Life, files: number, queueId = 0): Promise<void> {
  for (let i = 0; at.store.watermarks.placed < files * SEGMENT - 200; i++) {
    const properties = encodeProperties({ KEYS: `k${i}` })
    const put = at.store.put(draft({ text: `message ${i}`, properties, queueId }))
    expect((await at.clock.until(put)).status).toBe('PUT_OK')
  }
  await at.clock.pass(1_500)
}

/** Lets the clock stand at an hour in which nothing is due by itself; virtual time begins at 22:13 UTC. */
async function later(at: Life, hours: number): Promise<void> {
  at.clock.wall += hours * HOUR_MS
  await at.clock.pass(70_000)
}

describe('by age', () => {
  test('expired files go at the hours of deleteWhen only, and never the last one', async () => {
    const at = await started({ fileReservedTime: 1, deleteWhen: '03;04' })
    await filled(at, 3)
    await later(at, 2)
    expect(logFiles(at)).toEqual(['000000', '004096', '008192'])
    at.clock.wall += 3 * HOUR_MS
    await at.clock.pass(20_000)
    expect(logFiles(at)).toEqual(['008192'])
    expect(at.store.minPhysicalOffset).toBe(2 * SEGMENT)
    await stopped(at)
  })

  test('a file that was changed later stops the round, also when the ones behind it are older', async () => {
    const at = await started({ fileReservedTime: 1, deleteWhen: '00' })
    await filled(at, 4)
    const young = at.disk.open(`${LOG}00000000000000004096`)
    at.clock.wall += 1.9 * HOUR_MS
    young.writeSync(at.disk.bytes(young.path).subarray(0, 1), 0, 1, 0)
    await at.clock.pass(70_000)
    expect(logFiles(at)).toEqual(['004096', '008192', '012288'])
    await stopped(at)
  })

  test('code 329 removes expired files at any hour, in at most 20 rounds', async () => {
    const at = await started({ fileReservedTime: 1, deleteWhen: '12', deleteFileBatchMax: 1 })
    await filled(at, 4)
    at.clock.wall += 2 * HOUR_MS
    at.store.deleteExpiredFiles()
    await at.clock.pass(61_000)
    expect(logFiles(at).length).toBe(3)
    await at.clock.pass(10_100)
    expect(logFiles(at).length).toBe(2)
    await at.clock.pass(200_000)
    expect(logFiles(at).length).toBe(1)
    await stopped(at)
  })

  test('the rounds begin after a minute, and files go 100 ms apart', async () => {
    const at = await started({ fileReservedTime: 1, deleteWhen: '00;22;23' })
    await filled(at, 4)
    at.clock.wall += 1.5 * HOUR_MS
    await at.clock.pass(58_400)
    expect(logFiles(at).length).toBe(4)
    await at.clock.pass(150)
    expect(logFiles(at).length).toBe(3)
    await at.clock.pass(100)
    expect(logFiles(at).length).toBe(2)
    await stopped(at)
  })
})

describe('by the use of the disk', () => {
  /** The whole per cent: what the store itself takes is part of it. */
  const use = (at: Life, percent: number) => {
    at.disk.usedByOthers = 0
    at.disk.usedByOthers = (at.disk.total * percent) / 100 - at.disk.space(ROOT).used
  }

  test('above 75 % expired files go at any hour, others stay', async () => {
    const at = await started({ fileReservedTime: 1, deleteWhen: '12' })
    await filled(at, 3)
    use(at, 76)
    await at.clock.pass(80_000)
    expect(logFiles(at).length).toBe(3)
    at.clock.wall += HOUR_MS
    await at.clock.pass(10_000)
    expect(logFiles(at).length).toBe(1)
    await stopped(at)
  })

  test.each([
    [true, 1],
    [false, 4],
  ])('above 85 % with cleanFileForciblyEnable %s, %d files stay', async (cleanFileForciblyEnable, left) => {
    const at = await started({ cleanFileForciblyEnable, deleteWhen: '12' })
    await filled(at, 4)
    use(at, 86)
    await at.clock.pass(80_000)
    expect(logFiles(at).length).toBe(left)
    expect(at.store.place(draft()).status).toBe('PUT_OK')
    await stopped(at)
  })

  test('above 90 % writes are refused and reads go on, until there is space: then within 10 s', async () => {
    const at = await started({ cleanFileForciblyEnable: false })
    await filled(at, 1)
    use(at, 91)
    await at.clock.pass(6_000)
    const refused = at.store.place(draft())
    expect(refused).toMatchObject({ status: 'SERVICE_NOT_AVAILABLE', remark: /^disk full/ as unknown })
    expect((await at.clock.until(at.store.put(draft()))).status).toBe('SERVICE_NOT_AVAILABLE')
    expect((await drained(at, 'T', 0)).length).toBeGreaterThan(30)
    use(at, 89)
    await at.clock.pass(10_000)
    expect((await at.clock.until(at.store.put(draft()))).status).toBe('PUT_OK')
    await stopped(at)
  })

  test('a use that cannot be asked for changes nothing', async () => {
    const at = await started({ deleteWhen: '12' })
    await filled(at, 2)
    at.disk.space = () => {
      throw Object.assign(new Error('planted'), { code: 'EIO' })
    }
    await at.clock.pass(80_000)
    expect(logFiles(at).length).toBe(2)
    expect(at.store.place(draft()).status).toBe('PUT_OK')
    await stopped(at)
  })
})

test('by size: the oldest files go, expired or not, as far as commitLogSizeMax asks', async () => {
  const at = await started({ commitLogSizeMax: 2 * SEGMENT, deleteWhen: '12' })
  await filled(at, 5)
  await at.clock.pass(80_000)
  expect(logFiles(at)).toEqual(['012288', '016384'])
  await stopped(at)
})

describe('what follows the log', () => {
  test('queue and index files go too, minOffset moves, a reader below is told where to go on', async () => {
    const at = await started({ commitLogSizeMax: SEGMENT, deleteWhen: '12', maxIndexNum: 20 })
    await filled(at, 4)
    const indexes = indexFiles(at)
    await at.clock.pass(90_000)
    const { store, clock } = at
    const minOffset = store.minOffset('T', 0)
    expect(minOffset).toBeGreaterThan(50)
    const behind = await clock.until(
      store.getMessage({ topic: 'T', queueId: 0, queueOffset: 0, countMax: 8 }),
    )
    expect(behind).toMatchObject({ status: 'OFFSET_TOO_SMALL', nextBeginOffset: minOffset })
    const messages = await drained(at, 'T', 0)
    expect(messages[0]).toMatchObject({ queueOffset: minOffset })
    expect(messages[0]?.physicalOffset).toBeGreaterThanOrEqual(store.minPhysicalOffset)
    expect(indexFiles(at)).toBeLessThan(indexes)
    const first = at.disk.paths().find((path) => path.includes('/consumequeue/T/0/')) as string
    expect(Number(first.slice(-20)) / 20 + 10).toBeGreaterThan(minOffset - 10)
    expect(await clock.until(store.queryMessage('T', 'k0', 8, 0, Number.MAX_SAFE_INTEGER))).toEqual([])
    await stopped(at)
  })

  test('a queue without a record left goes on counting, over a restart too', async () => {
    const at = await started({ commitLogSizeMax: SEGMENT, deleteWhen: '12' })
    for (let i = 0; i < 3; i++) await at.clock.until(at.store.put(draft({ queueId: 1 })))
    await filled(at, 3)
    await at.clock.pass(90_000)
    expect([at.store.minOffset('T', 1), at.store.maxOffset('T', 1)]).toEqual([3, 3])
    await stopped(at)
    const next = await restarted(at)
    expect([next.store.minOffset('T', 1), next.store.maxOffset('T', 1)]).toEqual([3, 3])
    expect(await next.clock.until(next.store.put(draft({ queueId: 1 })))).toMatchObject({ queueOffset: 3 })
    await stopped(next)
  })

  test('queues without a message left go on demand, begin at 0 again, and stay gone', async () => {
    const at = await started({ commitLogSizeMax: SEGMENT, deleteWhen: '12' })
    await at.clock.until(at.store.put(draft({ queueId: 1 })))
    await at.clock.until(at.store.put(draft({ topic: 'Old' })))
    await at.clock.until(at.store.put(draft({ topic: 'SCHEDULE_TOPIC_XXXX' })))
    await filled(at, 3)
    expect(at.store.cleanExpiredQueues()).toBe(0)
    await at.clock.pass(90_000)
    at.store.place(draft({ topic: 'Old', queueId: 7 }))
    expect(at.store.cleanExpiredQueues()).toBe(2)
    await at.clock.settle()
    expect(Object.fromEntries(at.store.topics())).toEqual({ T: [0], Old: [7], SCHEDULE_TOPIC_XXXX: [0] })
    expect(await at.clock.until(at.store.put(draft({ queueId: 1 })))).toMatchObject({ queueOffset: 0 })
    await stopped(at)
    const next = await restarted(at)
    expect([next.store.minOffset('T', 1), next.store.maxOffset('T', 1)]).toEqual([0, 1])
    expect(next.store.maxOffset('Old', 0)).toBe(0)
    await stopped(next)
  })

  test('a file that is read stays on disk until the read ends, and is out of the log at once', async () => {
    const at = await withColdLog({ commitLogSizeMax: 2 * SEGMENT, deleteWhen: '12' })
    const read = at.store.lookMessageByOffset(0)
    const parked = at.clock.pool.splice(0)
    expect(parked.length).toBe(1)
    await at.clock.pass(70_000)
    expect(at.store.minPhysicalOffset).toBe(SEGMENT)
    expect(logFiles(at)).toContain('000000')
    at.clock.pool.push(...parked)
    await at.clock.until(read)
    await at.clock.pass(20_000)
    expect(logFiles(at)).toEqual(['008192', '012288'])
    await stopped(at)
  })

  test('a read that does not end keeps its file two minutes, not longer', async () => {
    const at = await withColdLog({ commitLogSizeMax: 3 * SEGMENT, deleteWhen: '12' })
    void at.store.lookMessageByOffset(0)
    at.clock.pool.splice(0)
    await at.clock.pass(170_000)
    expect(logFiles(at)).toContain('000000')
    await at.clock.pass(30_000)
    expect(logFiles(at)).not.toContain('000000')
  })

  test('records that are not durable keep their file', async () => {
    const at = await started({ commitLogSizeMax: SEGMENT, deleteWhen: '12', flushIntervalCommitLog: 10 ** 9 })
    at.disk.fault = ({ kind, path }) =>
      kind === 'sync' && path.startsWith(LOG) ? { code: 'EIO' } : undefined
    for (let i = 0; i < 100; i++) await at.clock.until(at.store.put(draft({ text: `message ${i}` })))
    at.clock.wall += 100
    expect(at.store.watermarks.synced).toBe(0)
    await at.clock.pass(9_000)
    expect(logFiles(at)).toContain('000000')
  })
})

/** Four files that are not in memory; a slow read sent the next ones to the pool. */
async function withColdLog(config: object): Promise<Life> {
  const first = await started()
  await filled(first, 4)
  await stopped(first)
  const at = await restarted(first, config)
  at.disk.onRead = () => at.clock.skip(5)
  await at.clock.until(at.store.lookMessageByOffset(0))
  at.disk.onRead = () => undefined
  return at
}

test('a kill at any operation of a round leaves the later messages, and no other', async () => {
  const config = { commitLogSizeMax: 2 * SEGMENT, deleteWhen: '12', maxIndexNum: 20 }
  const operations = await roundOf(config, Number.MAX_SAFE_INTEGER)
  expect(operations.done).toBeGreaterThan(10)
  for (let n = 1; n <= operations.done; n++) {
    const killed = await roundOf(config, n)
    const next = await restarted(killed.life, config)
    const texts = (await drained(next, 'T', 0)).map(({ body }) => body.toString())
    const all = Array.from({ length: operations.sent }, (_, i) => `message ${i}`)
    expect({ n, texts }).toEqual({ n, texts: all.slice(all.length - texts.length) })
    expect(texts.length).toBeGreaterThan(40)
    expect(next.store.maxOffset('T', 0)).toBe(operations.sent)
    await next.clock.pass(90_000)
    expect(logFiles(next).length).toBe(2)
    await stopped(next)
  }
})

/** A store of four files that is killed at the n-th operation after the rounds began. */
async function roundOf(config: object, n: number) {
  const at = await started(config)
  await filled(at, 4)
  const sent = at.store.maxOffset('T', 0)
  await at.clock.pass(15_000)
  const before = at.disk.operations
  at.disk.fault = (operation) => (operation.n === before + n ? 'kill' : undefined)
  await at.clock.pass(80_000)
  return { life: at, done: at.disk.operations - before, sent }
}
