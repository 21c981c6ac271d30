import { expect, test } from '@jest/globals'
import { encodeProperties } from '@rockhopper/message'
import { decoded, draft, type Life, ROOT, restarted, started, stopped } from './store-bench.fixture.js'

const ALL = Number.MAX_SAFE_INTEGER

function place(
  at: Life,
  keys: string,
  changes: { topic?: string; text?: string; uniqKey?: string } = {},
): void {
  const { uniqKey, ...rest } = changes
  const properties = encodeProperties({ KEYS: keys, ...(uniqKey === undefined ? {} : { UNIQ_KEY: uniqKey }) })
  at.store.place(draft({ properties, ...rest }))
}

async function found(at: Life, key: string, topic = 'T', begin = 0, end = ALL): Promise<string[]> {
  const records = await at.clock.until(at.store.queryMessage(topic, key, 32, begin, end))
  return records.map((record) => decoded(record).body.toString())
}

function indexFiles(at: Life): string[] {
  return at.disk.paths().filter((path) => path.startsWith(`${ROOT}/index/`))
}

test('an index file has the bytes of the worked example of store-format.md section 9', async () => {
  const first = await started({ mappedFileSizeCommitLog: 2 ** 15, maxHashSlotNum: 8, maxIndexNum: 6 })
  // Three records that begin at 4096, 8192 and 12288.
  const pad = (from: number) =>
    first.store.place(draft({ body: Buffer.alloc(from - first.store.watermarks.placed - 92) }))
  const base = first.clock.wall
  for (const [offset, key, delta] of [
    [4_096, 'k1', 0],
    [8_192, 'k2', 2_500],
    [12_288, 'k1', 5_000],
  ] as const) {
    pad(offset)
    first.clock.wall = base + delta
    place(first, key)
  }
  await stopped(first)
  const [path] = indexFiles(first)
  expect(path).toBe(`${ROOT}/index/20231114221325000`)
  const golden =
    '0000018bcfe568000000018bcfe57b880000000000001000000000000000300000000002 00000004' +
    '00000000'.repeat(5) +
    '000000030000000200000000' +
    '00'.repeat(20) +
    '0026bfb500000000000010000000000000000000' +
    '0026bfb600000000000020000000000200000000' +
    '0026bfb500000000000030000000000500000001'
  const bytes = first.disk.bytes(path as string)
  expect(bytes.length).toBe(40 + 8 * 4 + 6 * 20)
  expect(bytes.subarray(0, 40 + 32 + 80).toString('hex')).toBe(golden.replaceAll(' ', ''))
})

test('messages are found by each key, by unique key, by topic and by time, newest first', async () => {
  const first = await started()
  place(first, 'a b', { text: 'one', uniqKey: 'U1' })
  place(first, 'b', { text: 'other', topic: 'Other' })
  first.clock.wall += 10_000
  place(first, 'b ключ', { text: 'two' })
  await first.clock.settle()
  expect(await found(first, 'a')).toEqual(['one'])
  expect(await found(first, 'b')).toEqual(['two', 'one'])
  expect(await found(first, 'U1')).toEqual(['one'])
  expect(await found(first, 'ключ')).toEqual(['two'])
  expect(await found(first, 'b', 'Other')).toEqual(['other'])
  expect(await found(first, 'c')).toEqual([])
  expect(await found(first, 'b', 'T', first.clock.wall - 5_000)).toEqual(['two'])
  expect(await found(first, 'b', 'T', 0, first.clock.wall - 5_000)).toEqual(['one'])
})

test("a tag has an entry behind the keys, as Apache's IndexService since 5.4.0 makes it", async () => {
  const first = await started()
  const properties = encodeProperties({ KEYS: 'k', TAGS: 'TagA' })
  first.store.place(draft({ properties, body: Buffer.from('both') }))
  first.store.place(draft({ properties: encodeProperties({ TAGS: '标签' }), body: Buffer.from('tag alone') }))
  await first.clock.settle()
  expect(await found(first, 'T#TagA')).toEqual(['both'])
  expect(await found(first, 'T#标签')).toEqual(['tag alone'])
  expect(await found(first, 'TagA')).toEqual([])
})

test.each(['stopped', 'killed', 'killed with nothing written'])(
  'after being %s, the index finds every message once, over several files',
  async (how) => {
    const first = await started()
    for (let i = 0; i < 250; i++) {
      place(first, `key${i % 50}`, { text: `message ${i}` })
      await first.clock.settle()
      if (how !== 'killed with nothing written' && i % 40 === 0) await first.clock.pass(1_100)
    }
    if (how === 'stopped') await stopped(first)
    else first.disk.kill()
    const next = await restarted(first)
    for (let key = 0; key < 50; key++) {
      const expected = [200, 150, 100, 50, 0].map((from) => `message ${from + key}`)
      expect(await found(next, `key${key}`)).toEqual(expected)
    }
    expect(indexFiles(next).length).toBeGreaterThan(how === 'killed with nothing written' ? 1 : 2)
    await stopped(next)
  },
)

test('what a cut took from the log is not found any more, and what follows is', async () => {
  const first = await started()
  for (let i = 0; i < 150; i++) place(first, 'key', { text: `message ${i}` })
  await first.clock.settle()
  const [at] = await first.clock.until(first.store.queueEntries('T', 0, 20, 1))
  await first.clock.until(first.store.truncateTo(at?.physicalOffset as number))
  place(first, 'key', { text: 'after the cut' })
  await first.clock.settle()
  expect((await found(first, 'key')).slice(0, 2)).toEqual(['after the cut', 'message 19'])
  await stopped(first)
  expect((await found(await restarted(first), 'key')).length).toBe(21)
})

test('an index file of another size is refused by name', async () => {
  const first = await started()
  place(first, 'key')
  await stopped(first)
  const [path] = indexFiles(first)
  await expect(restarted(first, { maxIndexNum: 200 })).rejects.toThrow(path as string)
})
