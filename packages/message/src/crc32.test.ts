import * as zlib from 'node:zlib'
import { expect, test } from '@jest/globals'
import { bodyCrc, crc32, crc32ByTable } from './crc32.js'
import { forSeeds } from './random.fixture.js'

test('the body CRC of "hello" is what the store of Apache writes', () => {
  expect(bodyCrc(Buffer.from('hello'))).toBe(907_060_870)
})

test('the table agrees with the check value of the CRC catalogue', () => {
  expect(crc32ByTable(Buffer.from('123456789'))).toBe(0xcbf43926)
})

test('table and zlib agree at every length and alignment', () => {
  forSeeds(300, (random) => {
    const bytes = random.bytes(random.int(700)).subarray(random.int(8))
    expect(crc32(bytes)).toBe(crc32ByTable(bytes))
    if (zlib.crc32 !== undefined) expect(crc32ByTable(bytes)).toBe(zlib.crc32(bytes))
  })
})
