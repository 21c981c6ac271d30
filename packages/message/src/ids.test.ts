import { describe, expect, test } from '@jest/globals'
import { createUniqueIdSource, offsetMessageId, parseOffsetMessageId, type UniqueIdParts } from './ids.js'
import { forSeeds, seededRandom } from './random.fixture.js'

describe('offset message ids', () => {
  const host = { address: '127.0.0.1', port: 10911 }

  test('the id of 127.0.0.1:10911 at 4096 is that of Java', () => {
    expect(offsetMessageId(host, 4096)).toBe('7F00000100002A9F0000000000001000')
    expect(parseOffsetMessageId('7F00000100002A9F0000000000001000')).toEqual({ host, physicalOffset: 4096 })
  })

  test('an IPv6 id has 56 digits and is read back', () => {
    const v6 = { address: 'fe80::1', port: 10911 }
    const id = offsetMessageId(v6, 2 ** 40)
    expect(id).toHaveLength(56)
    expect(parseOffsetMessageId(id)).toEqual({ host: v6, physicalOffset: 2 ** 40 })
  })

  test.each(['', 'x', '7F00000100002A9F000000000000100', '7F00000100002A9FFFFFFFFFFFFFFFFF', 'g'.repeat(32)])(
    '%p is no offset id',
    (id) => {
      expect(parseOffsetMessageId(id)).toBeUndefined()
    },
  )
})

describe('unique ids', () => {
  const parts = (now: () => number, offsetMinutes = 0): UniqueIdParts => ({
    clock: { now },
    random: seededRandom(1),
    host: { address: '10.1.2.3', pid: 0x12345, timezoneOffsetMinutes: () => offsetMinutes },
  })
  const sinceMonthStart = (id: string): number => Number.parseInt(id.slice(20, 28), 16)

  test('hold address, pid, ms of the month and a counter in 32 upper-case digits', () => {
    const id = createUniqueIdSource(parts(() => Date.UTC(2026, 1, 1, 0, 0, 1)))()
    expect(id).toMatch(/^0A0102032345[0-9A-F]{20}$/)
    expect(sinceMonthStart(id)).toBe(1_000)
  })

  test('ms count from the local start of the month', () => {
    // 2026-01-31 23:00 UTC is 2026-02-01 07:00 in Shanghai, whose offset is -480.
    const id = createUniqueIdSource(parts(() => Date.UTC(2026, 0, 31, 23), -480))()
    expect(sinceMonthStart(id)).toBe(7 * 3_600_000)
  })

  test('the month is right at any time from 1970 to 2100', () => {
    forSeeds(500, (random) => {
      const now = random.int(2 ** 31) * 1_900 + random.int(1_000)
      const date = new Date(now)
      const start = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
      expect(sinceMonthStart(createUniqueIdSource(parts(() => now))())).toBe(now - start)
    })
  })

  test('one source goes on into the next month, and a clock that falls back gives 0', () => {
    let now = Date.UTC(2026, 11, 31, 23, 59, 59)
    const next = createUniqueIdSource(parts(() => now))
    expect(sinceMonthStart(next())).toBe(31 * 86_400_000 - 1_000)
    now = Date.UTC(2027, 0, 1, 0, 0, 5)
    expect(sinceMonthStart(next())).toBe(5_000)
    now = Date.UTC(2026, 11, 31, 23)
    expect(sinceMonthStart(next())).toBe(0)
  })

  test('65,536 ids of one millisecond are distinct', () => {
    const next = createUniqueIdSource(parts(() => 1_700_000_000_000))
    expect(new Set(Array.from({ length: 65_536 }, next)).size).toBe(65_536)
  })
})
