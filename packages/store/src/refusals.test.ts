import { describe, expect, test } from '@jest/globals'
import { SystemTopic } from '@rockhopper/message'
import { VirtualClock } from '@rockhopper/sim'
import { Checkpoint } from './checkpoint.js'
import { parseDelayLevels } from './delay-level.js'
import { createMessageStore } from './local-message-store.js'
import { draft, life, ROOT, restarted, SMALL, started, stopped } from './store-bench.fixture.js'

const element = (body: string, properties = Buffer.alloc(0)) => ({
  flag: 0,
  body: Buffer.from(body),
  properties,
})

describe('a batch is refused', () => {
  test.each([
    ['without messages', [], {}, 'MESSAGE_ILLEGAL', 'the batch is empty'],
    [
      'of a topic that is too long',
      [element('x')],
      { topic: 't'.repeat(300) },
      'MESSAGE_ILLEGAL',
      'too long',
    ],
    ['of a topic that is no name', [element('x')], { topic: '../x' }, 'MESSAGE_ILLEGAL', ''],
    ['of half messages', [element('x')], { sysFlag: 4 }, 'MESSAGE_ILLEGAL', ''],
    [
      'with properties over the limit',
      [element('x', Buffer.alloc(32_768))],
      {},
      'PROPERTIES_SIZE_EXCEEDED',
      'the properties have 32768 bytes',
    ],
    [
      'over the limit in all',
      [element('x'.repeat(1_000)), element('y'.repeat(1_000))],
      {},
      'MESSAGE_ILLEGAL',
      'the batch has',
    ],
    [
      'that fits in no file',
      Array.from({ length: 45 }, () => element('x')),
      {},
      'MESSAGE_ILLEGAL',
      'does not fit into one file',
    ],
  ])('%s', async (_, elements, changes, status, remark) => {
    const at = await started({ maxMessageSize: 1_500 })
    const answer = at.store.placeBatch(draft(changes), elements)
    expect(answer).toMatchObject({ status, remark: expect.stringContaining(remark) })
    expect(at.store.watermarks.placed).toBe(0)
    await stopped(at)
    expect(at.store.placeBatch(draft(), [element('x')]).status).toBe('SERVICE_NOT_AVAILABLE')
  })
})

test('copying, cutting and deleting are refused before the start and after the stop', async () => {
  const at = life()
  const closed = { code: 'STORE_CLOSED' }
  const all = [
    () => at.store.appendRaw(0, Buffer.alloc(9)),
    () => at.store.truncateTo(0),
    () => at.store.deleteTopic('T'),
  ]
  for (const call of all) await expect(at.clock.until(call())).rejects.toMatchObject(closed)
  await at.clock.until(at.store.start())
  await expect(at.clock.until(at.store.truncateTo(1))).rejects.toMatchObject({ code: 'ARGUMENT_ILLEGAL' })
  await expect(at.clock.until(at.store.readSpan(1, 9))).rejects.toMatchObject({ code: 'ARGUMENT_ILLEGAL' })
  await expect(at.clock.until(at.store.appendRaw(4_090, Buffer.alloc(9)))).rejects.toMatchObject({
    code: 'ARGUMENT_ILLEGAL',
  })
  await stopped(at)
  for (const call of all) await expect(at.clock.until(call())).rejects.toMatchObject(closed)
})

test('a copy on a full disk is told so', async () => {
  const at = await started()
  at.disk.fault = ({ kind }) => (kind === 'write' ? { code: 'ENOSPC' } : undefined)
  await expect(at.clock.until(at.store.appendRaw(0, Buffer.alloc(100)))).rejects.toMatchObject({
    code: 'DISK_FAILED',
  })
  expect(at.store.state.kind).toBe('open')
  at.disk.fault = () => undefined
  await stopped(at)
})

test('what no queue holds is in no memory, and has neither entries nor offsets', async () => {
  const at = await started()
  for (let i = 0; i < 3; i++) await at.clock.until(at.store.put(draft({ text: `${i}` })))
  expect([-1, 0, 2, 3].map((offset) => at.store.inMemory('T', 0, offset))).toEqual([false, true, true, false])
  expect(at.store.inMemory('None', 0, 0)).toBe(false)
  expect(await at.clock.until(at.store.queueEntries('None', 0, 0, 10))).toEqual([])
  expect(
    (await at.clock.until(at.store.queueEntries('T', 0, 1, 10))).map(({ queueOffset }) => queueOffset),
  ).toEqual([1, 2])
  expect([at.store.minOffset('None', 1), at.store.maxOffset('None', 1)]).toEqual([0, 0])
  expect(await at.clock.until(at.store.lookMessageByOffset(Number.NaN))).toBeUndefined()
  expect(at.store.diskUse()).toEqual({ commitLog: expect.any(Number), consumeQueue: expect.any(Number) })
  await stopped(at)
})

test.each([
  ['batchconsumequeue/x', /queues of kind 'batchconsumequeue' are not supported/],
  ['consumequeue_ext/x', /queues of kind 'consumequeue_ext' are not supported/],
  ['consumequeue/CURRENT', /it holds a RocksDB, not queue files/],
])('a store with %s is not misread but refused', async (path, words) => {
  const at = await started()
  await stopped(at)
  const disk = at.disk.afterKill(at.clock)
  disk.put(`${ROOT}/${path}`, Buffer.from('MANIFEST'))
  const next = life({}, disk, at.clock)
  await expect(at.clock.until(next.store.start())).rejects.toThrow(words)
  expect(next.store.state.kind).toBe('stopped')
})

test('a store without somebody to tell of its failure fails all the same', async () => {
  const { clock, disk } = life()
  const silent = () => {}
  const host = {
    pid: 1,
    bootId: '',
    totalMemory: 1,
    address: '',
    homeDirectory: '/',
    timezoneOffsetMinutes: () => 0,
  }
  const store = createMessageStore({
    env: { clock, disk, host, log: { info: silent, warn: silent, error: silent } },
    config: { storePathRootDir: ROOT, ...SMALL },
  })
  await clock.until(store.start())
  disk.fault = () => ({ code: 'EIO' })
  expect((await clock.until(store.put(draft()))).status).toBe('SERVICE_NOT_AVAILABLE')
  expect(store.state.kind).toBe('failed')
  await clock.until(store.stop())
  expect(store.state.kind).toBe('failed')
})

describe('a checkpoint', () => {
  test.each([
    ['is not there', undefined],
    ['is short', Buffer.alloc(39, 1)],
    ['has senseless times', Buffer.alloc(4_096, 0xff)],
    ['has times beyond all numbers', Buffer.alloc(4_096, 0x7f)],
  ])('that %s counts as all zeros', (_, bytes) => {
    const { disk } = life()
    disk.makeDirectory(ROOT)
    if (bytes !== undefined) disk.put(`${ROOT}/checkpoint`, bytes)
    const checkpoint = new Checkpoint(disk, `${ROOT}/checkpoint`)
    checkpoint.load()
    expect(Object.values(checkpoint.times)).toEqual([0, 0, 0, 0, 0])
    expect(checkpoint.recoverFrom(true)).toBe(0)
  })

  test('is behind the earliest of its times by 3 s, the index counting only when there is one', async () => {
    const { disk, clock } = life()
    disk.makeDirectory(ROOT)
    const checkpoint = new Checkpoint(disk, `${ROOT}/checkpoint`)
    await clock.until(
      checkpoint.save({ physicMsgTimestamp: 90_000, logicsMsgTimestamp: 80_000, indexMsgTimestamp: 70_000 }),
    )
    expect([checkpoint.recoverFrom(true), checkpoint.recoverFrom(false)]).toEqual([67_000, 77_000])
  })
})

test.each(['1x', 's', '', '1s 2', '-1s', '1.5h'])("delay levels '%s' are refused", (text) => {
  expect(() => parseDelayLevels(text)).toThrow(RangeError)
})

test('a delay level without a level waits a second', async () => {
  const at = await started({ messageDelayLevel: '1s 2m' })
  for (const level of ['0', 'x', '2', '7'])
    await at.clock.until(
      at.store.put(
        draft({ topic: SystemTopic.SCHEDULE, properties: Buffer.from(`DELAY\u0001${level}\u0002`) }),
      ),
    )
  const entries = await at.clock.until(at.store.queueEntries(SystemTopic.SCHEDULE, 0, 0, 9))
  expect(entries.map(({ tagsCode }) => Math.max(0, tagsCode - at.clock.wall))).toEqual([
    0, 0, 120_000, 120_000,
  ])
  await stopped(at)
})

test('a blank of another size than what is left of its file ends the log', async () => {
  const at = await started()
  await at.clock.until(at.store.put(draft({ body: Buffer.alloc(3_000) })))
  await at.clock.until(at.store.put(draft({ body: Buffer.alloc(2_000) })))
  at.disk.kill()
  const clock = new VirtualClock()
  clock.wall = at.clock.wall
  const disk = at.disk.afterKill(clock)
  disk.bytes(`${ROOT}/commitlog/${'0'.repeat(20)}`).writeInt32BE(77, 3_092)
  disk.removeTree(`${ROOT}/rockhopper`)
  disk.remove(`${ROOT}/checkpoint`)
  const next = await started({}, disk, clock)
  expect(next.store.maxPhysicalOffset).toBe(3_092)
  await stopped(next)
  expect((await restarted(next)).store.maxPhysicalOffset).toBe(3_092)
})
