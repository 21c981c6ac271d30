import { describe, expect, test } from '@jest/globals'
import { VirtualClock } from '@rockhopper/sim'
import {
  draft,
  drained,
  type Life,
  ROOT,
  restarted,
  SMALL,
  started,
  stopped,
} from '../store-bench.fixture.js'
import { dumpLog, dumpQueue } from './dump-log.js'
import { COUNT, codes, flip, LOG_0, LOG_1, opened, QUEUE_0, verified, written } from './inspect.fixture.js'
import { rebuildStore } from './rebuild-store.js'
import { openStoreDirectory } from './store-directory.js'
import { summarizeStore } from './store-summary.js'
import { verifyStore } from './verify-store.js'

test('a store that was stopped properly has no findings, and every record was looked at', async () => {
  const found = await verified(await written())
  expect(found.findings).toEqual([])
  expect(found.recordCount).toBe(COUNT)
})

test('looking changes nothing on the disk', async () => {
  const directory = opened(await written())
  const before = directory.on.disk.paths().map((path) => Buffer.from(directory.on.disk.bytes(path)))
  await directory.until(verifyStore(directory))
  await directory.until(summarizeStore(directory))
  expect(directory.on.disk.paths().map((path) => directory.on.disk.bytes(path))).toEqual(before)
})

describe('damage is found and named', () => {
  test.each([
    ['a bit of a body', flip(LOG_0, 90), 'LOG_DAMAGED'],
    ['a magic code', flip(LOG_0, 5), 'LOG_DAMAGED'],
    ['a size', flip(LOG_0, 3), 'LOG_DAMAGED'],
    ['a physical offset', flip(LOG_0, 35), 'LOG_DAMAGED'],
    ['a physical offset of a queue entry', flip(QUEUE_0, 27), 'QUEUE_ENTRY_WRONG'],
    ['a size in a queue entry', flip(QUEUE_0, 11), 'QUEUE_ENTRY_WRONG'],
    ['a tags code', flip(QUEUE_0, 19), 'QUEUE_ENTRY_WRONG'],
  ])('%s', async (_, damage, code) => {
    const found = await verified(await written(), damage)
    expect(codes(found)).toContain(code)
    expect(found.errorCount).toBeGreaterThan(0)
    expect(found.recordCount).toBeGreaterThanOrEqual(COUNT - 1)
  })

  test('the place is a file and a byte in it, and the reason is in words', async () => {
    const found = await verified(await written(), flip(LOG_0, 90))
    expect(found.findings[0]).toMatchObject({
      place: 'commitlog/00000000000000000000, byte 0 (offset 0)',
      what: expect.stringContaining('its body has the CRC'),
    })
  })

  test('index entries of another hash, another record, a broken chain', async () => {
    const store = await written()
    const path = store.disk.paths().find((name) => name.includes('/index/')) as string
    const entry = (number: number) => 40 + 64 * 4 + number * 20
    expect(codes(await verified(store, flip(path, entry(3) + 3)))).toContain('INDEX_ENTRY_WRONG')
    expect(codes(await verified(store, flip(path, entry(3) + 11)))).toContain('INDEX_ENTRY_WRONG')
    expect(codes(await verified(store, flip(path, entry(60) + 19)))).toContain('INDEX_CHAIN_BROKEN')
  })

  test('a log file that is missing, a queue file of another size', async () => {
    const store = await written(90)
    const holed = await verified(store, (disk) => disk.remove(LOG_1))
    expect(holed.findings).toContainEqual(
      expect.objectContaining({ code: 'LOG_DAMAGED', what: expect.stringContaining('the file is missing') }),
    )
    const short = (disk: Life['disk']) => disk.put(QUEUE_0.replace('T/0', 'T/1'), Buffer.alloc(100))
    expect(codes(await verified(store, short))).toContain('QUEUE_UNREADABLE')
  })

  test('a torn end after a kill is a note, for the next start cuts it', async () => {
    const at = await started()
    await at.clock.until(at.store.put(draft({ text: 'one' })))
    await at.clock.pass(1_500)
    await at.clock.until(at.store.put(draft({ text: 'two' })))
    at.disk.kill()
    const found = await verified(at, (disk) => void disk.bytes(LOG_0).fill(0xff, 95 + 4, 95 + 8))
    expect(found.findings.map(({ code, severity }) => [code, severity])).toContainEqual([
      'LOG_TORN_END',
      'note',
    ])
  })
})

test('a dump goes on behind damage, and begins at the next record from anywhere', async () => {
  const store = await written()
  const directory = opened(store, (disk) => void disk.bytes(LOG_0).fill(0xff, 90, 95))
  const bodies: string[] = []
  const bad: number[] = []
  const target = {
    record: ({ body }: { body: Buffer }) => void bodies.push(body.toString()),
    bad: ({ from }: { from: number }) => void bad.push(from),
  }
  await directory.until(dumpLog(directory, {}, target))
  expect(bad).toEqual([0])
  expect(bodies).toEqual(Array.from({ length: COUNT - 1 }, (_, i) => `message ${i + 1}`))
  bodies.length = 0
  await directory.until(dumpLog(directory, { from: 150, countMax: 2, queueId: 0 }, target))
  expect(bodies).toEqual(['message 2', 'message 4'])
})

test('a dump of queue entries says what lies in the files', async () => {
  const directory = opened(await written())
  const found: unknown[] = []
  const take = (units: readonly unknown[]) => found.push(...units) > 0
  await directory.until(dumpQueue(directory, { topic: 'T', queueId: 1, from: 2, countMax: 1 }, take))
  expect(found).toEqual([
    {
      queueOffset: 2,
      physicalOffset: expect.any(Number),
      size: expect.any(Number),
      tagsCode: 2_598_919,
      filler: false,
    },
  ])
})

test('a summary finds end, times and queues without a full read', async () => {
  const directory = opened(await written())
  const summary = await directory.until(summarizeStore(directory))
  expect(summary).toMatchObject({
    aborted: false,
    sizes: {
      mappedFileSizeCommitLog: 4_096,
      mappedFileSizeConsumeQueue: 200,
      maxHashSlotNum: 64,
      maxIndexNum: 100,
    },
    log: { fileCount: 2, minOffset: 0, endsWith: 'unwritten' },
    unsyncedSize: 0,
    queues: [0, 1].map((queueId) => ({ topic: 'T', queueId, minOffset: 0, maxOffset: COUNT / 2 })),
  })
})

describe('a rebuild', () => {
  test('makes the same bytes that the broker made', async () => {
    const store = await written()
    const directory = opened(store, (disk) => {
      disk.removeTree(`${ROOT}/index`)
      disk.bytes(QUEUE_0).fill(0xee)
    })
    const { recordCount, entryCount } = await directory.until(rebuildStore(directory))
    expect([recordCount, entryCount]).toEqual([COUNT, COUNT])
    const derived = (disk: Life['disk']) =>
      disk
        .paths()
        .filter((path) => path.includes('/consumequeue/') || path.includes('/index/'))
        .map((path) => [path.replace(/\d{17}$/, ''), disk.bytes(path).toString('hex')])
    expect(derived(directory.on.disk)).toEqual(derived(store.disk))
    expect(directory.on.disk.paths().filter((path) => path.includes('rebuild'))).toEqual([])
    const next = await restarted(directory.on)
    expect((await drained(next, 'T', 0)).length).toBe(COUNT / 2)
  })

  test('killed at any operation, leaves a store that opens with everything in it', async () => {
    const store = await written()
    let operations = 0
    for (let n = 1; ; n++) {
      const directory = opened(store, (disk) => disk.bytes(QUEUE_0).fill(0))
      directory.on.disk.fault = (operation) => (operation.n === n ? 'kill' : undefined)
      const ended = directory.until(rebuildStore(directory)).then(
        () => 'done',
        () => 'killed',
      )
      const outcome = await ended
      if (outcome === 'done') break
      operations = n
      const next = await restarted(directory.on)
      expect([n, (await drained(next, 'T', 0)).length]).toEqual([n, COUNT / 2])
      await stopped(next)
    }
    expect(operations).toBeGreaterThan(20)
  })

  test('is refused while a broker has the directory', async () => {
    const at = await started()
    const { clock, disk } = at
    const host = {
      pid: 1,
      bootId: '',
      totalMemory: 1,
      address: '',
      homeDirectory: '/',
      timezoneOffsetMinutes: () => 0,
    }
    const log = { info: () => {}, warn: () => {}, error: () => {} }
    const directory = openStoreDirectory({ env: { clock, disk, host, log }, directory: ROOT })
    await expect(clock.until(rebuildStore(directory))).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await stopped(at)
  })
})

test('what is no store, and sizes that do not fit, are refused by name', async () => {
  const store = await written()
  const clock = new VirtualClock()
  const disk = store.disk.afterKill(clock)
  const host = {
    pid: 1,
    bootId: '',
    totalMemory: 1,
    address: '',
    homeDirectory: '/',
    timezoneOffsetMinutes: () => 0,
  }
  const env = { clock, disk, host, log: { info: () => {}, warn: () => {}, error: () => {} } }
  expect(() => openStoreDirectory({ env, directory: '/nowhere' })).toThrow('no such directory')
  expect(() => openStoreDirectory({ env, directory: `${ROOT}/commitlog` })).toThrow('it holds none of')
  expect(() => openStoreDirectory({ env, directory: ROOT, sizes: { maxHashSlotNum: 63 } })).toThrow(
    'maxHashSlotNum',
  )
  const other = openStoreDirectory({
    env,
    directory: ROOT,
    sizes: {
      ...{ mappedFileSizeCommitLog: 8_192, maxHashSlotNum: 64 },
      mappedFileSizeConsumeQueue: SMALL.mappedFileSizeConsumeQueue ?? 0,
    },
  })
  expect(other.unloadable.map(({ part, error }) => [part, error.code])).toEqual([
    ['commitlog', 'STORE_FILE_SIZE'],
  ])
})
