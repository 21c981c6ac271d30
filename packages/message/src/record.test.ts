import { describe, expect, test } from '@jest/globals'
import { bodyCrc } from './crc32.js'
import { SysFlag } from './flags.js'
import type { RecordDraft } from './message.js'
import { decodeProperties, encodeProperties } from './properties.js'
import { forSeeds, type SeededRandom } from './random.fixture.js'
import { decodeRecord, decodeRecords, scanRecord } from './record-decode.js'
import { encodeRecord, type RecordPlace, recordSize } from './record-encode.js'
import { BLANK_MAGIC, MAGIC_V1, MAGIC_V2, recordMagic, recordStoreTimestamp } from './record-layout.js'

// store-format.md section 3.1; the Java encoder leaves the CRC to the store, which writes 3610a686.
const GOLDEN_V4 = hex(`0000006f daa320a7 3610a686 00000001 00000000 0000000000000002 0000000000001000 00000000
  0000018bcfe56800 7f000001 000003e8 0000018bcfe56801 7f000001 00002a9f 00000000 0000000000000000
  00000005 68656c6c6f 01 54 000e 6b01760254414753015461674102`)
const GOLDEN_V6 = hex(`00000087 daa320a7 3610a686 00000001 00000000 0000000000000002 0000000000001000 00000030
  0000018bcfe56800 00000000000000000000000000000001 000003e8
  0000018bcfe56801 00000000000000000000000000000001 00002a9f 00000000 0000000000000000
  00000005 68656c6c6f 01 54 000e 6b01760254414753015461674102`)

const PLACE: RecordPlace = { queueOffset: 2, physicalOffset: 4096, storeTimestamp: 1_700_000_000_001 }

function draft(change: Partial<RecordDraft> = {}): RecordDraft {
  return {
    topic: 'T',
    queueId: 1,
    body: Buffer.from('hello'),
    properties: Buffer.from('k\u0001v\u0002TAGS\u0001TagA\u0002'),
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    bornHost: { address: '127.0.0.1', port: 1000 },
    storeHost: { address: '127.0.0.1', port: 10911 },
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    ...change,
  }
}

function encoded(record: RecordDraft, place: RecordPlace = PLACE): Buffer {
  const into = Buffer.alloc(recordSize(record))
  expect(encodeRecord(record, place, into, 0)).toBe(into.length)
  return into
}

describe('golden records of the Java encoder', () => {
  test('a record with IPv4 hosts has the bytes that Java writes', () => {
    expect(encoded(draft()).toString('hex')).toBe(GOLDEN_V4.toString('hex'))
  })

  test('a record with IPv6 hosts has the bytes that Java writes, and its sysFlag says so', () => {
    const bornHost = { address: '::1', port: 1000 }
    const storeHost = { address: '::1', port: 10911 }
    expect(encoded(draft({ bornHost, storeHost })).toString('hex')).toBe(GOLDEN_V6.toString('hex'))
  })

  test('the golden record is read back field by field', () => {
    expect(decodeRecord(GOLDEN_V4, 0)).toEqual({
      ok: true,
      size: 111,
      value: {
        topic: 'T',
        body: Buffer.from('hello'),
        properties: { k: 'v', TAGS: 'TagA' },
        flag: 0,
        queueId: 1,
        queueOffset: 2,
        physicalOffset: 4096,
        sysFlag: 0,
        bodyCrc: 907_060_870,
        bornTimestamp: 1_700_000_000_000,
        bornHost: { address: '127.0.0.1', port: 1000 },
        storeTimestamp: 1_700_000_000_001,
        storeHost: { address: '127.0.0.1', port: 10911 },
        reconsumeTimes: 0,
        preparedTransactionOffset: 0,
        storeSize: 111,
      },
    })
    expect(recordStoreTimestamp(GOLDEN_V6, 0)).toBe(1_700_000_000_001)
  })
})

describe('encoding', () => {
  test('a properties tail continues the properties and counts in their length', () => {
    const tail = Buffer.from('CLUSTER\u0001c\u0002')
    const split = encoded(draft({ propertiesTail: tail }))
    expect(split).toEqual(encoded(draft({ properties: Buffer.concat([draft().properties, tail]) })))
    const record = decodeRecord(split, 0)
    expect(record.ok && record.value.properties).toEqual({ k: 'v', TAGS: 'TagA', CLUSTER: 'c' })
  })

  test('IPv4 in IPv6 dress is stored as IPv4, as Java does', () => {
    const bornHost = { address: '::ffff:127.0.0.1', port: 1000 }
    expect(encoded(draft({ bornHost })).toString('hex')).toBe(GOLDEN_V4.toString('hex'))
  })

  test('IPv6 bits that the hosts do not bear out are taken off', () => {
    const sysFlag = SysFlag.BORN_HOST_V6 | SysFlag.STORE_HOST_V6
    expect(encoded(draft({ sysFlag })).toString('hex')).toBe(GOLDEN_V4.toString('hex'))
  })

  test('a topic of 127 bytes makes a V1 record and one of 128 a V2 record', () => {
    expect(recordMagic(encoded(draft({ topic: 'a'.repeat(127) })), 0)).toBe(MAGIC_V1)
    const long = encoded(draft({ topic: 'a'.repeat(128) }))
    expect(recordMagic(long, 0)).toBe(MAGIC_V2)
    expect(decodeRecord(long, 0)).toMatchObject({
      ok: true,
      value: { topic: 'a'.repeat(128), storeSize: long.length },
    })
  })

  test('a record that does not fit its buffer is an assertion and not a torn record', () => {
    const into = Buffer.alloc(110)
    expect(() => encodeRecord(draft(), PLACE, into, 0)).toThrow('must fit')
    expect(into.every((byte) => byte === 0)).toBe(true)
  })

  test.each([
    '',
    '127.0.0',
    '1.2.3.4.5',
    '256.1.1.1',
    '1..2.3',
    'host',
    ':::1',
    '1:2:3',
    '1:2:3:4:5:6:7:8:9',
    '::12345',
  ])('the host address %p is refused', (address) => {
    const into = Buffer.alloc(200)
    expect(() => encodeRecord(draft({ bornHost: { address, port: 1 } }), PLACE, into, 0)).toThrow(
      expect.objectContaining({ code: 'ADDRESS_ILLEGAL' }),
    )
  })
})

describe('random records', () => {
  test('each is read back as it was written, at any place in a buffer', () => {
    forSeeds(300, (random) => {
      const record = randomDraft(random)
      const place = {
        queueOffset: random.int(2 ** 31) * 4096,
        physicalOffset: random.int(2 ** 31) * 4_000_000,
        storeTimestamp: 1_700_000_000_000 + random.int(1e9),
      }
      const at = random.int(50)
      const size = recordSize(record)
      const into = Buffer.alloc(at + size + random.int(50))
      expect(encodeRecord(record, place, into, at)).toBe(size)
      const result = decodeRecord(into, at)
      if (!result.ok) throw new Error(result.reason)
      const properties = Buffer.concat([record.properties, record.propertiesTail ?? Buffer.alloc(0)])
      const { bornHost, storeHost, topic, queueId, flag, bornTimestamp, reconsumeTimes } = record
      expect(result.value).toMatchObject({
        ...place,
        bornHost,
        storeHost,
        topic,
        queueId,
        flag,
        bornTimestamp,
      })
      expect(result.value.reconsumeTimes).toBe(reconsumeTimes)
      expect(result.value.preparedTransactionOffset).toBe(record.preparedTransactionOffset)
      expect(result.value.properties).toEqual(decodeProperties(properties))
      expect(result.value.body.equals(record.body)).toBe(true)
      expect(result.value.bodyCrc).toBe(bodyCrc(record.body))
      expect(result.value.storeSize).toBe(size)
    })
  })

  test('each cut of a record is refused, and none is read beyond its limit', () => {
    const bytes = encoded(draft({ bornHost: { address: 'fe80::1', port: 1 } }))
    const room = Buffer.concat([bytes, Buffer.alloc(100)])
    for (let limit = 0; limit < bytes.length; limit++) {
      expect(decodeRecord(room, 0, limit)).toEqual({ ok: false, reason: 'cut off' })
    }
    expect(decodeRecord(room, 0, bytes.length).ok).toBe(true)
  })

  test('a changed byte is refused or changes the message, but never throws', () => {
    forSeeds(2_000, (random) => {
      const bytes = Buffer.from(random.int(2) === 0 ? GOLDEN_V4 : GOLDEN_V6)
      for (let i = 0; i <= random.int(3); i++) bytes[random.int(bytes.length)] = random.int(256)
      const result = decodeRecord(bytes, 0)
      if (result.ok) expect(result.size).toBeLessThanOrEqual(bytes.length)
    })
  })

  test('random bytes behind a right size and magic never throw', () => {
    forSeeds(2_000, (random) => {
      const bytes = random.bytes(8 + random.int(200))
      if (random.int(4) > 0) bytes.writeInt32BE(random.int(bytes.length + 4), 0)
      if (random.int(4) > 0) bytes.writeInt32BE([MAGIC_V1, MAGIC_V2, BLANK_MAGIC][random.int(3)] as number, 4)
      expect(() => decodeRecords(bytes)).not.toThrow()
    })
  })
})

describe('what is not a record', () => {
  test('zeros are "nothing written" and the filler of a file end is "end of file blank"', () => {
    expect(scanRecord(Buffer.alloc(200), 0)).toEqual({ ok: false, reason: 'nothing written' })
    const blank = Buffer.alloc(200)
    blank.writeInt32BE(200, 0)
    blank.writeInt32BE(BLANK_MAGIC, 4)
    expect(scanRecord(blank, 0)).toEqual({ ok: false, reason: 'end of file blank' })
  })

  test('an offset beyond the safe integers is refused, a born timestamp beyond them is saturated', () => {
    const offset = Buffer.from(GOLDEN_V4)
    offset.writeBigInt64BE(2n ** 60n, 28)
    expect(decodeRecord(offset, 0)).toEqual({ ok: false, reason: 'number out of range' })
    const born = Buffer.from(GOLDEN_V4)
    born.writeBigInt64BE(2n ** 63n - 1n, 40)
    expect(decodeRecord(born, 0)).toMatchObject({
      ok: true,
      value: { bornTimestamp: Number.MAX_SAFE_INTEGER },
    })
  })

  test('a pull body gives the records before the broken one and says where that lies', () => {
    const body = Buffer.concat([GOLDEN_V4, GOLDEN_V6, GOLDEN_V4.subarray(0, 60)])
    const broken: unknown[] = []
    const messages = decodeRecords(body, (reason, at) => broken.push({ reason, at }))
    expect(messages.map(({ storeSize }) => storeSize)).toEqual([111, 135])
    expect(broken).toEqual([{ reason: 'cut off', at: 246 }])
  })
})

function randomDraft(random: SeededRandom): RecordDraft {
  const property = (name: string) => encodeProperties({ [name]: random.text(40) })
  return draft({
    topic: random.text(random.int(4) === 0 ? 200 : 60),
    queueId: random.int(16),
    body: random.bytes(random.int(600)),
    properties: property('a'),
    ...(random.int(2) === 0 ? {} : { propertiesTail: property('b') }),
    flag: random.int(2 ** 31) * (random.int(2) === 0 ? 1 : -1),
    bornTimestamp: random.int(2 ** 31) * 1_000 * (random.int(8) === 0 ? -1 : 1),
    bornHost: { address: randomAddress(random), port: random.int(65_536) },
    storeHost: { address: randomAddress(random), port: random.int(65_536) },
    reconsumeTimes: random.int(17),
    preparedTransactionOffset: random.int(2 ** 31) * 1_000_000,
  })
}

const ADDRESSES = [
  '10.0.0.1',
  '255.255.255.255',
  '0.0.0.0',
  '::',
  '::1',
  'fe80::1:0:0:2',
  '1:2:3:4:5:6:7:8',
  '1::',
]

function randomAddress(random: SeededRandom): string {
  return ADDRESSES[random.int(ADDRESSES.length)] as string
}

function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s/g, ''), 'hex')
}
