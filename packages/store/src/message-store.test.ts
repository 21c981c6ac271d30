import { expect, test } from '@jest/globals'
import { encodeProperties, SystemTopic } from '@rockhopper/message'
import type { AdvanceEvent, Arrival, GetMessageQuery } from './message-store.js'
import {
  decoded,
  draft,
  drained,
  HOST,
  type Life,
  ROOT,
  restarted,
  SMALL,
  started,
  stopped,
} from './store-bench.fixture.js'

const LOG_0 = `${ROOT}/commitlog/00000000000000000000`

async function fill(at: Life, count: number, tag?: string): Promise<void> {
  for (let i = 0; i < count; i++)
    at.store.place(draft({ text: `message ${i}`, ...(tag === undefined ? {} : { tag }) }))
  await at.clock.settle()
}

async function get(at: Life, changes: Partial<GetMessageQuery> = {}) {
  const query = { topic: 'T', queueId: 0, queueOffset: 0, countMax: 32, ...changes }
  return at.clock.until(at.store.getMessage(query))
}

test('a record has the bytes of store-format.md section 3.1, with its CRC', async () => {
  const first = await started({ mappedFileSizeCommitLog: 8_192 })
  // The golden record lies at 4096 with queue offset 2: two records come before it.
  first.store.place(draft({ queueId: 1, body: Buffer.alloc(1) }))
  first.store.place(draft({ queueId: 1, body: Buffer.alloc(4_096 - 93 - 92) }))
  first.clock.wall = 1_700_000_000_001
  first.store.place(
    draft({
      queueId: 1,
      bornTimestamp: 1_700_000_000_000,
      bornHost: { address: '127.0.0.1', port: 1_000 },
      storeHost: HOST,
      properties: encodeProperties({ k: 'v', TAGS: 'TagA' }),
    }),
  )
  await first.clock.pass(1_100)
  const golden =
    '0000006fdaa320a73610a68600000001000000000000000000000002000000000000100000000000' +
    '0000018bcfe568007f000001000003e80000018bcfe568017f00000100002a9f000000000000000000000000' +
    '0000000568656c6c6f0154000e6b01760254414753015461674102'
  expect(
    first.disk
      .bytes(LOG_0)
      .subarray(4_096, 4_096 + 111)
      .toString('hex'),
  ).toBe(golden)
  const units = first.disk.bytes(`${ROOT}/consumequeue/T/1/00000000000000000000`)
  expect(units.subarray(40, 60).toString('hex')).toBe('00000000000010000000006f000000000027a807')
})

test('a record that does not fit is preceded by a blank and begins the next file', async () => {
  const first = await started()
  first.store.place(draft({ body: Buffer.alloc(3_000) }))
  const second = await first.clock.until(first.store.put(draft({ body: Buffer.alloc(1_000) })))
  expect(second).toMatchObject({ physicalOffset: 4_096, queueOffset: 1 })
  const used = 3_092
  const blank = Buffer.alloc(4_096 - used)
  blank.writeInt32BE(4_096 - used)
  blank.writeUInt32BE(0xcbd43194, 4)
  expect(first.disk.bytes(LOG_0).subarray(used).equals(blank)).toBe(true)
  expect((await drained(first, 'T', 0)).length).toBe(2)
})

test('one read spans queue entries in files and those still in memory', async () => {
  const first = await started()
  await fill(first, 2)
  await first.clock.pass(1_100)
  await fill(first, 1)
  expect((await get(first)).records).toHaveLength(3)
})

test('a record may leave exactly eight bytes of a file, not fewer', async () => {
  const first = await started()
  const exact = first.store.place(draft({ body: Buffer.alloc(4_096 - 8 - 92) }))
  const next = first.store.place(draft())
  expect([exact, next].map((placed) => placed.status === 'PUT_OK' && placed.physicalOffset)).toEqual([
    0, 4_096,
  ])
  expect(first.store.place(draft({ body: Buffer.alloc(4_096 - 7 - 92) })).status).toBe('MESSAGE_ILLEGAL')
  await stopped(first)
  // Eight bytes of blank and the next record are neighbours in the log, but not in one file.
  expect(first.disk.bytes(LOG_0).length).toBe(4_096)
  expect((await drained(await restarted(first), 'T', 0)).length).toBe(2)
})

test('a batch is measured by its bytes on the wire, not by its bodies', async () => {
  const first = await started({ maxMessageSize: 1_000, mappedFileSizeCommitLog: 1 << 20 })
  // 22 bytes surround each message (remoting.md section 9.6).
  const empty = { flag: 0, body: Buffer.alloc(0), properties: Buffer.alloc(0) }
  const { watermarks } = first.store
  expect(first.store.placeBatch(draft(), Array(46).fill(empty))).toMatchObject({ status: 'MESSAGE_ILLEGAL' })
  expect(first.store.watermarks).toEqual(watermarks)
  expect(first.store.placeBatch(draft(), Array(45).fill(empty))).toMatchObject({ status: 'PUT_OK' })
  await stopped(first)
})

test('a batch gets consecutive offsets and never crosses a file', async () => {
  const first = await started()
  await fill(first, 35)
  const elements = Array.from({ length: 5 }, (_, i) => ({
    flag: i,
    body: Buffer.from(`element ${i}`),
    properties: encodeProperties({ TAGS: `t${i}` }),
  }))
  const placed = first.store.placeBatch(draft({ preparedTransactionOffset: 7 }), elements)
  await first.clock.settle()
  if (placed.status !== 'PUT_OK') throw new Error(placed.status)
  expect(placed).toMatchObject({ physicalOffset: 4_096, queueOffset: 35 })
  expect(placed.physicalOffsets?.length).toBe(5)
  const records = (await drained(first, 'T', 0)).slice(35)
  expect(records.map(({ queueOffset, flag }) => [queueOffset, flag])).toEqual(
    [35, 36, 37, 38, 39].map((o, i) => [o, i]),
  )
  expect(records.map(({ physicalOffset }) => physicalOffset)).toEqual(placed.physicalOffsets)
  expect(records[4]?.properties.TAGS).toBe('t4')
  expect(records[0]?.preparedTransactionOffset).toBe(0)
})

test.each([
  ['an unknown queue', { topic: 'None' }, 'NO_MATCHED_LOGIC_QUEUE', 0],
  ['another queue of a known topic', { queueId: 9 }, 'NO_MATCHED_LOGIC_QUEUE', 0],
  ['an offset before the first', { queueOffset: -1 }, 'OFFSET_TOO_SMALL', 0],
  ['the end', { queueOffset: 50 }, 'OFFSET_OVERFLOW_ONE', 50],
  ['an offset behind the end', { queueOffset: 51 }, 'OFFSET_OVERFLOW_BADLY', 50],
  ['no match', { matchesEntry: () => false }, 'NO_MATCHED_MESSAGE', 50],
  ['no match among records', { matchesProperties: () => false }, 'NO_MATCHED_MESSAGE', 50],
  ['some', { queueOffset: 3, countMax: 4 }, 'FOUND', 7],
])('getMessage of %s', async (_, query, status, nextBeginOffset) => {
  const first = await started()
  await fill(first, 50)
  const result = await get(first, query)
  expect([result.status, result.nextBeginOffset, result.minOffset]).toEqual([status, nextBeginOffset, 0])
})

test('getMessage of a queue that was placed but not yet written finds nothing', async () => {
  const first = await started()
  first.store.place(draft())
  expect((await first.store.getMessage({ topic: 'T', queueId: 0, queueOffset: 0, countMax: 1 })).status).toBe(
    'NO_MESSAGE_IN_QUEUE',
  )
  await first.clock.settle()
  expect((await get(first)).status).toBe('FOUND')
})

test('a pull ends at the count, the bytes, 32 messages or 256 KiB, and always takes one', async () => {
  const first = await started({ mappedFileSizeCommitLog: 2 ** 21, mappedFileSizeConsumeQueue: 20_000 })
  await fill(first, 50)
  expect((await get(first, { countMax: 5 })).records.length).toBe(5)
  expect((await get(first, { countMax: 1_000 })).records.length).toBe(32)
  expect((await get(first, { sizeMax: 1 })).records.length).toBe(1)
  expect((await get(first, { sizeMax: 205 })).records.length).toBe(2)
  for (let i = 0; i < 5; i++) first.store.place(draft({ queueId: 1, body: Buffer.alloc(100_000) }))
  await first.clock.settle()
  expect((await get(first, { queueId: 1 })).records.length).toBe(2)
})

test('data far behind the end of the log is given in smaller pieces, and a slave is suggested', async () => {
  const first = await started({ mappedFileSizeConsumeQueue: 20_000, accessMessageInMemoryMaxRatio: 0 })
  await fill(first, 50)
  const result = await get(first)
  expect([result.records.length, result.suggestPullingFromSlave]).toEqual([8, true])
})

test('a filter by entry scans 800 entries at most', async () => {
  const first = await started({ mappedFileSizeCommitLog: 2 ** 20, mappedFileSizeConsumeQueue: 60_000 })
  await fill(first, 1_000)
  expect(await get(first, { matchesEntry: () => false })).toMatchObject({ nextBeginOffset: 800 })
})

test('messages of many queues come out in order, from memory and after a restart from files', async () => {
  const first = await started()
  for (let i = 0; i < 200; i++) first.store.place(draft({ queueId: i % 7, text: `message ${i}` }))
  await first.clock.settle()
  const expected = Array.from({ length: 29 }, (_, i) => `message ${i * 7 + 3}`).filter(
    (_, i) => i * 7 + 3 < 200,
  )
  expect((await drained(first, 'T', 3)).map(({ body }) => body.toString())).toEqual(expected)
  await stopped(first)
  const next = await restarted(first)
  expect((await drained(next, 'T', 3)).map(({ body }) => body.toString())).toEqual(expected)
})

test('an entry that points to a record of another queue delivers nothing', async () => {
  const first = await started()
  first.store.place(draft({ queueId: 0, text: 'mine' }))
  first.store.place(draft({ queueId: 1, text: 'not mine' }))
  await stopped(first)
  const zero = first.disk.bytes(`${ROOT}/consumequeue/T/0/00000000000000000000`)
  first.disk.bytes(`${ROOT}/consumequeue/T/1/00000000000000000000`).copy(zero, 0, 0, 20)
  const next = await restarted(first)
  expect((await get(next)).records.length).toBe(0)
})

test.each([
  ['a negative size', 8, -1],
  ['no size', 8, 0],
  ['a size beyond the end of the log', 8, 4_000],
  ['a size beyond the end of its file', 8, 0x7fff_ffff],
  ['a place before the log', 0, -1],
  ['a place behind the log', 0, 1],
])('an entry with %s delivers nothing and hides no other message', async (_, at, value) => {
  const first = await started()
  await fill(first, 3)
  await stopped(first)
  const next = await restarted(first)
  next.disk.bytes(`${ROOT}/consumequeue/T/0/00000000000000000000`).writeInt32BE(value, 20 + at)
  const { records, nextBeginOffset } = await get(next)
  expect(records.map((record) => decoded(record).queueOffset)).toEqual([0, 2])
  expect(nextBeginOffset).toBe(3)
})

test('listeners hear of watermarks in order and of each arrival once its entry can be read', async () => {
  const first = await started({ flushDiskType: 'SYNC_FLUSH' })
  const advances: AdvanceEvent[] = []
  const arrivals: Arrival[] = []
  first.store.onAdvance((event) => advances.push(event))
  first.store.onArrival((arrival) => {
    expect(first.store.maxOffset('T', 0)).toBe(arrival.queueOffset + 1)
    arrivals.push(arrival)
  })
  await fill(first, 3, 'TagA')
  expect(advances.map(({ written, synced, readable }) => [written > synced, readable === synced])).toEqual([
    [true, true],
    [false, true],
  ])
  expect(arrivals.map(({ queueOffset, tagsCode }) => [queueOffset, tagsCode])).toEqual(
    [0, 1, 2].map((o) => [o, 2_598_919]),
  )
})

test('a prepared transaction takes no queue offset and is not delivered', async () => {
  const first = await started()
  expect(first.store.place(draft({ sysFlag: 4 }))).toMatchObject({ queueOffset: 0 })
  expect(first.store.place(draft({ sysFlag: 8 }))).toMatchObject({ queueOffset: 0 })
  await first.clock.settle()
  expect((await drained(first, 'T', 0)).length).toBe(1)
})

test('entries of the schedule topic hold the due time of their level', async () => {
  const first = await started()
  for (const level of ['3', '99']) {
    first.store.place(
      draft({ topic: SystemTopic.SCHEDULE, queueId: 2, properties: encodeProperties({ DELAY: level }) }),
    )
  }
  await first.clock.settle()
  const entries = await first.clock.until(first.store.queueEntries(SystemTopic.SCHEDULE, 2, 0, 10))
  expect(entries.map(({ tagsCode }) => tagsCode - first.clock.wall)).toEqual([10_000, 7_200_000])
})

test('offsets are found by time, at the edges and among equal times', async () => {
  const first = await started()
  const base = first.clock.wall
  for (const delta of [0, 10, 10, 10, 30]) {
    first.clock.wall = base + delta
    first.store.place(draft())
  }
  await first.clock.settle()
  const find = (delta: number, boundary: 'LOWER' | 'UPPER') =>
    first.clock.until(first.store.offsetByTimestamp('T', 0, base + delta, boundary))
  const lower = await Promise.all([-5, 0, 5, 10, 11, 30, 31].map((delta) => find(delta, 'LOWER')))
  const upper = await Promise.all([-5, 0, 5, 10, 11, 30, 31].map((delta) => find(delta, 'UPPER')))
  expect(lower).toEqual([0, 0, 1, 1, 4, 4, 5])
  expect(upper).toEqual([0, 0, 0, 3, 3, 4, 4])
  expect(await first.clock.until(first.store.earliestMessageTime('T', 0))).toBe(base)
  expect(await first.clock.until(first.store.storeTimeOf('T', 0, 4))).toBe(base + 30)
  expect(await first.clock.until(first.store.storeTimeOf('T', 0, 5))).toBe(-1)
})

test('a message is found by the physical offset it begins at, and at no other', async () => {
  const first = await started()
  await fill(first, 2)
  const size = 91 + 1 + 9
  const found: number[] = []
  for (let offset = -1; offset < 2 * size + 5; offset++) {
    if ((await first.clock.until(first.store.lookMessageByOffset(offset))) !== undefined) found.push(offset)
  }
  expect(found).toEqual([0, size])
})

test.each([
  ['a topic of 128 bytes', { topic: 'x'.repeat(128) }, 'MESSAGE_ILLEGAL'],
  ['a topic that leaves the directory', { topic: '../x' }, 'MESSAGE_ILLEGAL'],
  ['a negative queue', { queueId: -1 }, 'MESSAGE_ILLEGAL'],
  ['a body over the limit', { body: Buffer.alloc(3_001) }, 'MESSAGE_ILLEGAL'],
  ['properties over the limit', { properties: Buffer.alloc(32_768) }, 'PROPERTIES_SIZE_EXCEEDED'],
  ['a retry topic of 200 bytes', { topic: `%RETRY%${'x'.repeat(192)}` }, 'PUT_OK'],
])('placing %s answers with its status', async (_, changes, status) => {
  const first = await started({ maxMessageSize: 3_000 })
  expect(first.store.place(draft(changes)).status).toBe(status)
  await first.clock.settle()
  await stopped(first)
})

test('nothing can be placed before start and after stop', async () => {
  const first = await started()
  await stopped(first)
  expect(first.store.place(draft())).toMatchObject({ status: 'SERVICE_NOT_AVAILABLE' })
  expect(first.store.state.kind).toBe('stopped')
  expect(first.clock.timerCount).toBe(0)
})

test('a log can be copied in pieces of any size, and the copy serves the same messages', async () => {
  const first = await started()
  await fill(first, 90)
  const copy = await started()
  for (let offset = 0; offset < first.store.maxPhysicalOffset; ) {
    const bytes = await first.clock.until(first.store.readSpan(offset, 57))
    await copy.clock.until(copy.store.appendRaw(offset, bytes))
    offset += bytes.length
  }
  expect((await drained(copy, 'T', 0)).map(({ body }) => body.toString())).toEqual(
    (await drained(first, 'T', 0)).map(({ body }) => body.toString()),
  )
  expect(copy.store.place(draft())).toMatchObject({ queueOffset: 90 })
  await expect(copy.store.appendRaw(5, Buffer.alloc(1))).rejects.toMatchObject({ code: 'ARGUMENT_ILLEGAL' })
  await stopped(copy)
})

test('a cut takes back log, queues and offsets, and stays so after a crash', async () => {
  const first = await started()
  await fill(first, 90)
  await first.clock.pass(12_000)
  const third = (await drained(first, 'T', 0))[60]?.physicalOffset as number
  await first.clock.until(first.store.truncateTo(third))
  expect(first.store.maxPhysicalOffset).toBe(third)
  expect(first.store.maxOffset('T', 0)).toBe(60)
  const put = await first.clock.until(first.store.put(draft({ text: 'after the cut' })))
  expect(put).toMatchObject({ queueOffset: 60, physicalOffset: third })
  first.disk.kill()
  const records = await drained(await restarted(first), 'T', 0)
  expect(records.length).toBe(61)
  expect(records.at(-1)?.body.toString()).toBe('after the cut')
})

test('the tail keeps a bounded number of chunks and older messages are read from files', async () => {
  const first = await started({ mappedFileSizeCommitLog: 2 ** 26, mappedFileSizeConsumeQueue: 20_000 })
  for (let i = 0; i < 24; i++) {
    first.store.place(draft({ body: Buffer.alloc(1_000_000, i) }))
    await first.clock.settle()
  }
  const records = await drained(first, 'T', 0)
  expect(records.map(({ body }) => body[999_999])).toEqual(Array.from({ length: 24 }, (_, i) => i))
})

test('more than 32 MiB that wait for the disk are refused', async () => {
  const first = await started({ mappedFileSizeCommitLog: 2 ** 26 })
  const statuses = Array.from(
    { length: 40 },
    () => first.store.place(draft({ body: Buffer.alloc(1_000_000) })).status,
  )
  expect(statuses.filter((status) => status === 'PUT_OK').length).toBe(33)
  expect(statuses.at(-1)).toBe('OS_PAGE_CACHE_BUSY')
  await first.clock.settle()
  expect(first.store.place(draft()).status).toBe('PUT_OK')
})

test('deleting a topic forgets its queues and removes their files', async () => {
  const first = await started(SMALL)
  await fill(first, 5)
  await first.clock.pass(2_000)
  const deleted = first.store.deleteTopic('T')
  expect([...first.store.topics().keys()]).toEqual([])
  expect(first.disk.paths().filter((path) => path.includes('/consumequeue/'))).toEqual([])
  expect(first.store.place(draft())).toMatchObject({ queueOffset: 0 })
  await first.clock.until(deleted)
  await first.clock.settle()
  expect((await drained(first, 'T', 0)).length).toBe(1)
})
