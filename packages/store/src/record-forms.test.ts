import { describe, expect, test } from '@jest/globals'
import { encodeProperties, MAGIC_V1, MAGIC_V2, type RecordDraft } from '@rockhopper/message'
import {
  decoded,
  draft,
  drained,
  type Life,
  logRecords,
  ROOT,
  restarted,
  SMALL,
  started,
  stopped,
} from './store-bench.fixture.js'

const SEGMENT = SMALL.mappedFileSizeCommitLog as number
const LOG_0 = `${ROOT}/commitlog/${'0'.repeat(20)}`
const V4 = { address: '10.1.2.3', port: 40_001 }
const V6 = { address: '2001:db8:0:1::c0de', port: 40_006 }
const LOOPBACK_V6 = { address: '::1', port: 10_911 }
const LONG_TOPIC = `%RETRY%${'g'.repeat(193)}`

/** Host lengths and length of the topic decide where every later field of a record lies. */
const FORMS: readonly [string, Partial<RecordDraft>][] = [
  ['IPv4 hosts', { bornHost: V4, storeHost: V4 }],
  ['a born host of IPv6', { bornHost: V6, storeHost: V4 }],
  ['a store host of IPv6', { bornHost: V4, storeHost: LOOPBACK_V6 }],
  ['both hosts of IPv6', { bornHost: V6, storeHost: LOOPBACK_V6 }],
  ['a topic of 200 bytes (magic V2)', { topic: LONG_TOPIC }],
  ['a topic of 200 bytes and hosts of IPv6', { topic: LONG_TOPIC, bornHost: V6, storeHost: LOOPBACK_V6 }],
]

/** Every form in turn, over two files of the log and some of each queue, a second apart. */
async function mixed(): Promise<{ at: Life; sent: Map<string, RecordDraft> }> {
  const at = await started()
  const sent = new Map<string, RecordDraft>()
  for (let i = 0; i < 36; i++) {
    const text = `message ${i}`
    const record = draft({
      ...FORMS[i % FORMS.length]?.[1],
      text,
      properties: encodeProperties({ KEYS: `key${i}`, TAGS: 'tag' }),
    })
    expect((await at.clock.until(at.store.put(record))).status).toBe('PUT_OK')
    sent.set(text, record)
    await at.clock.pass(1_000)
  }
  return { at, sent }
}

async function check(at: Life, sent: ReadonlyMap<string, RecordDraft>): Promise<void> {
  const log = await logRecords(at, SEGMENT)
  const pulled = [...(await drained(at, 'T', 0)), ...(await drained(at, LONG_TOPIC, 0))]
  for (const records of [log, pulled]) {
    expect(records.map(({ body }) => body.toString()).sort()).toEqual([...sent.keys()].sort())
    for (const { topic, body, bornHost, storeHost, properties } of records) {
      const wanted = sent.get(body.toString())
      expect({ topic, bornHost, storeHost }).toEqual({
        topic: wanted?.topic,
        bornHost: wanted?.bornHost,
        storeHost: wanted?.storeHost,
      })
      const found = await at.clock.until(
        at.store.queryMessage(topic, properties['KEYS'] ?? '', 32, 0, 2 ** 52),
      )
      expect(found.map((record) => decoded(record).body.toString())).toEqual([body.toString()])
    }
  }
  for (const { physicalOffset, body, topic, queueOffset, storeTimestamp } of log) {
    const looked = await at.clock.until(at.store.lookMessageByOffset(physicalOffset))
    expect(looked && decoded(looked).body.equals(body)).toBe(true)
    expect(await at.clock.until(at.store.storeTimeOf(topic, 0, queueOffset))).toBe(storeTimestamp)
    const byTime = at.store.offsetByTimestamp(topic, 0, storeTimestamp, 'LOWER')
    expect(await at.clock.until(byTime)).toBe(queueOffset)
  }
}

test('records of every form are read by queue, by key, by offset and by time', async () => {
  const { at, sent } = await mixed()
  await check(at, sent)
  const magics = new Set<number>()
  for (const { physicalOffset } of await logRecords(at, SEGMENT)) {
    const bytes = at.disk.bytes(
      `${ROOT}/commitlog/${String(physicalOffset - (physicalOffset % SEGMENT)).padStart(20, '0')}`,
    )
    magics.add(bytes.readInt32BE((physicalOffset % SEGMENT) + 4))
  }
  expect(magics).toEqual(new Set([MAGIC_V1, MAGIC_V2]))
  await stopped(at)
})

test.each(['a proper stop', 'a kill', 'a kill, and without what is ours or derived'])(
  'records of every form come through %s',
  async (how) => {
    const { at, sent } = await mixed()
    if (how === 'a proper stop') await stopped(at)
    else at.disk.kill()
    const disk = at.disk.afterKill(at.clock)
    if (how.includes('derived'))
      for (const part of ['consumequeue', 'index', 'rockhopper']) disk.removeTree(`${ROOT}/${part}`)
    const next = await started({}, disk, at.clock)
    expect(next.store.quarantined).toEqual([])
    await check(next, sent)
    // The background check reads all of them, too.
    await next.clock.pass(120_000)
    expect(next.store.quarantined).toEqual([])
    await stopped(next)
  },
)

test.each(FORMS)('a damaged record with %s is gone around, those beside it are served', async (_, form) => {
  const first = await started()
  for (const text of ['before', 'damaged', 'after'])
    await first.clock.until(first.store.put(draft({ ...form, text })))
  await first.clock.pass(2_000)
  first.disk.kill()
  const bytes = first.disk.bytes(LOG_0)
  bytes[bytes.indexOf('damaged')] = 0x44
  const next = await restarted(first)
  const topic = form.topic ?? 'T'
  expect((await drained(next, topic, 0)).map(({ body }) => body.toString())).toEqual(['before', 'after'])
  expect(next.store.quarantined.length).toBe(1)
})

describe('the end of a log file', () => {
  const FIRST = 93
  /** Bytes of a body whose record leaves so many of a file that holds `before`. */
  const bodySize = (before: number, left: number) => SEGMENT - before - 92 - left

  test.each([
    [100, FIRST],
    [9, FIRST],
    [8, FIRST],
    [7, SEGMENT],
    [1, SEGMENT],
    [0, SEGMENT],
  ])('a record that would leave %i bytes begins at %i', async (left, physicalOffset) => {
    const first = await started()
    const put = (body: Buffer) => first.clock.until(first.store.put(draft({ body })))
    expect(await put(Buffer.alloc(1))).toMatchObject({ physicalOffset: 0 })
    expect(await put(Buffer.alloc(bodySize(FIRST, left), 'b'))).toMatchObject({ physicalOffset })
    expect(await put(Buffer.alloc(200, 'n'))).toMatchObject({
      physicalOffset: physicalOffset + SEGMENT - (physicalOffset % SEGMENT),
    })
    const file = first.disk.bytes(LOG_0)
    const blankAt = physicalOffset === FIRST ? SEGMENT - left : FIRST
    expect(file.readInt32BE(blankAt)).toBe(SEGMENT - blankAt)
    expect(file.readUInt32BE(blankAt + 4)).toBe(0xcbd43194)
    expect(file.subarray(blankAt + 8).every((byte) => byte === 0)).toBe(true)
    first.disk.kill()
    const found = await drained(await restarted(first), 'T', 0)
    expect(found.map(({ body }) => body.length)).toEqual([1, bodySize(FIRST, left), 200])
  })

  test('a record that fits in no file is refused', async () => {
    const first = await started()
    expect(first.store.place(draft({ body: Buffer.alloc(bodySize(0, 7)) })).status).toBe('MESSAGE_ILLEGAL')
    expect(first.store.place(draft({ body: Buffer.alloc(bodySize(0, 8)) })).status).toBe('PUT_OK')
    await stopped(first)
  })
})
