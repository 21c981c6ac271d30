import { getHost, hostSize, putHost } from './host.js'
import type { HostAddress } from './message.js'
import { getI64, putI32, putI64 } from './numbers.js'

const OFFSET_ID = /^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{56})$/
const DAY_MS = 86_400_000

/**
 * Upper-case hex of store host, port and physical offset: 32 characters, or 56 for IPv6 (remoting.md
 * section 13.1).
 */
export function offsetMessageId(storeHost: HostAddress, physicalOffset: number): string {
  const bytes = Buffer.alloc(hostSize(storeHost) + 8)
  putI64(bytes, putHost(bytes, 0, storeHost), physicalOffset)
  return bytes.toString('hex').toUpperCase()
}

/**
 * The parts of an offset message id, or undefined for any other text (a UNIQ_KEY of 32 digits parses
 * too).
 */
export function parseOffsetMessageId(id: string): { host: HostAddress; physicalOffset: number } | undefined {
  if (!OFFSET_ID.test(id)) return undefined
  const bytes = Buffer.from(id, 'hex')
  const width = bytes.length === 16 ? 8 : 20
  const physicalOffset = getI64(bytes, width)
  if (!Number.isSafeInteger(physicalOffset) || physicalOffset < 0) return undefined
  return { host: getHost(bytes, 0, width), physicalOffset }
}

/** The parts of an Env that ids are made of. */
export interface UniqueIdParts {
  readonly clock: { now(): number }
  readonly random: { int(below: number): number }
  readonly host: {
    readonly address: string
    readonly pid: number
    timezoneOffsetMinutes(time: number): number
  }
}

/**
 * Makes UNIQ_KEY values (remoting.md section 13.2; Apache: MessageClientIDSetter):
 *
 *    address (4 or 16) | pid, low 16 bits | i32 of this source | i32 ms of the local month | i16 counter
 *
 * Upper-case hex, 32 or 56 characters. Ids of one source are distinct as long as it makes fewer than
 * 65,536 per ms.
 */
export function createUniqueIdSource({ clock, random, host }: UniqueIdParts): () => string {
  const origin: HostAddress = { address: host.address, port: 0 }
  const fixed = Buffer.alloc(hostSize(origin) - 4 + 6)
  const scratch = Buffer.alloc(20)
  putHost(scratch, 0, origin)
  const addressSize = fixed.length - 6
  fixed.set(scratch.subarray(0, addressSize))
  fixed.writeUInt16BE(host.pid & 0xffff, addressSize)
  putI32(fixed, addressSize + 2, (random.int(0x10000) << 16) | random.int(0x10000))
  const prefix = fixed.toString('hex').toUpperCase()

  let counter = random.int(0x10000)
  let monthStart = 0
  let monthEnd = 0
  return () => {
    const now = clock.now()
    if (now >= monthEnd) {
      monthStart = localMonthStart(now, 0, host)
      monthEnd = localMonthStart(now, 1, host)
    }
    counter = (counter + 1) & 0xffff
    // A clock that went back gives 0, as in Apache. More than 2^31 ms wraps to a negative i32: the same hex.
    const sinceMonthStart = Math.max(0, Math.floor(now - monthStart)) >>> 0
    return prefix + hex(sinceMonthStart, 8) + hex(counter, 4)
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}

/** First instant of the local month that holds `time`, plus `months`, in ms since 1970. */
function localMonthStart(time: number, months: number, host: UniqueIdParts['host']): number {
  const local = time - host.timezoneOffsetMinutes(time) * 60_000
  const { year, month } = civilMonth(Math.floor(local / DAY_MS))
  const localStart = daysToMonth(year + Math.floor((month + months) / 12), (month + months) % 12) * DAY_MS
  // The zone's offset on that day may differ from the one now.
  const guess = localStart + host.timezoneOffsetMinutes(time) * 60_000
  return localStart + host.timezoneOffsetMinutes(guess) * 60_000
}

/** Year and month (0 to 11) of a day since 1970, proleptic Gregorian, by H. Hinnant's days_to_civil. */
function civilMonth(day: number): { year: number; month: number } {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = (marchMonth + 2) % 12
  return { year: yearOfEra + era * 400 + (month < 2 ? 1 : 0), month }
}

/** Days from 1970 to the first of a month (0 to 11). */
function daysToMonth(year: number, month: number): number {
  const marchYear = month < 2 ? year - 1 : year
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * ((month + 10) % 12) + 2) / 5)
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
