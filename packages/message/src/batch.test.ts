import { expect, test } from '@jest/globals'
import { decodeBatch, encodeBatch } from './batch.js'
import { encodeProperties } from './properties.js'
import { forSeeds } from './random.fixture.js'

// remoting.md section 9.6.
const GOLDEN =
  '0000003a00000000000000000000000000000005' +
  '68656c6c6f001f4b455953016b31206b32025741495401747275650254414753015461674102'

test('a batch of one has the bytes that Java writes', () => {
  const properties = encodeProperties({ KEYS: 'k1 k2', WAIT: 'true', TAGS: 'TagA' })
  expect(encodeBatch([{ flag: 0, body: Buffer.from('hello'), properties }]).toString('hex')).toBe(GOLDEN)
})

test('random batches survive a round trip', () => {
  forSeeds(200, (random) => {
    const entries = Array.from({ length: random.int(6) }, () => ({
      flag: random.int(2 ** 31) * (random.int(2) === 0 ? 1 : -1),
      body: random.bytes(random.int(50)),
      properties: random.bytes(random.int(50)),
    }))
    const bytes = encodeBatch(entries)
    expect(decodeBatch(bytes)).toEqual({ ok: true, value: entries, size: bytes.length })
  })
})

test('a batch that is cut anywhere inside an entry is refused', () => {
  const bytes = Buffer.from(GOLDEN, 'hex')
  for (let size = 1; size < bytes.length; size++) expect(decodeBatch(bytes.subarray(0, size)).ok).toBe(false)
})

test('negative lengths and random bytes are refused or read, but never throw', () => {
  const negative = Buffer.from(GOLDEN, 'hex')
  negative.writeInt32BE(-1, 16)
  expect(decodeBatch(negative).ok).toBe(false)
  forSeeds(1_000, (random) => {
    const bytes = random.bytes(random.int(200)).map((byte) => (random.int(3) > 0 ? 0 : byte))
    expect(() => decodeBatch(Buffer.from(bytes))).not.toThrow()
  })
})
