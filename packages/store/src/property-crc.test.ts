import { expect, test } from '@jest/globals'
import { encodeProperties } from '@rockhopper/message'
import { propertyCrc, writeProperty } from './property-crc.js'
import { decoded, draft, drained, ROOT, restarted, started } from './store-bench.fixture.js'

const ON = { enabledAppendPropCRC: true }
const LOG_0 = `${ROOT}/commitlog/00000000000000000000`

test('the property is written as Apache writes it: the digit of the units first', () => {
  const bytes = Buffer.alloc(20)
  writeProperty(bytes, 0, 123_456)
  // MessageDecoder#createCrc32 of 123456, run in Java.
  expect(bytes.toString('hex')).toBe('5f5f435243333223013635343332313030303002')
})

test.each([
  ['no properties', Buffer.alloc(0)],
  ['properties with a separator at their end', encodeProperties({ KEYS: 'k' })],
  ['properties without one', encodeProperties({ KEYS: 'k' }).subarray(0, -1)],
  ['a CRC of another record', Buffer.from('__CRC32#\x010000000001\x02KEYS\x01k\x02')],
])('a message with %s is stored with the CRC of its record and read without', async (_, properties) => {
  const at = await started(ON)
  await at.clock.until(at.store.put(draft({ text: 'one', properties })))
  const tailed = { properties: Buffer.from('KEYS\x01k\x02'), propertiesTail: Buffer.from('A\x01b\x02') }
  await at.clock.until(at.store.put(draft({ text: 'two', ...tailed })))
  at.store.placeBatch(draft(), [{ flag: 0, body: Buffer.from('three'), properties }])
  await at.clock.settle()
  const log = at.disk.bytes(LOG_0)
  for (let offset = 0; offset < at.store.maxPhysicalOffset; ) {
    const record = log.subarray(offset, offset + log.readInt32BE(offset))
    expect(propertyCrc(record)).toBe('match')
    const seen = await at.clock.until(at.store.lookMessageByOffset(offset))
    expect(seen && decoded(seen).properties['__CRC32#']).toBeUndefined()
    offset += record.length
  }
  const pulled = await drained(at, 'T', 0)
  expect(pulled.map(({ body }) => body.toString())).toEqual(['one', 'two', 'three'])
  for (const message of pulled) expect(message.properties['__CRC32#']).toBeUndefined()
  const keys = properties.length === 0 ? undefined : 'k'
  expect(pulled.map((message) => message.properties.KEYS)).toEqual([keys, 'k', keys])
  at.disk.kill()
  expect((await drained(await restarted(at), 'T', 0)).length).toBe(3)
})

test('a record is not what its property says any more when any bit before it changed', async () => {
  const at = await started(ON)
  await at.clock.until(at.store.put(draft({ tag: 'TagA' })))
  const record = at.disk.bytes(LOG_0).subarray(0, at.store.maxPhysicalOffset)
  for (let bit = 0; bit < (record.length - 20) * 8; bit++) {
    const changed = Buffer.from(record)
    changed[bit >>> 3] = (changed[bit >>> 3] as number) ^ (1 << (bit & 7))
    expect(propertyCrc(changed)).toBe('mismatch')
  }
  expect(propertyCrc(record.subarray(0, -1))).toBe('absent')
})
