import { MqError } from './errors.js'
import type { HostAddress } from './message.js'
import { getI32, putI32 } from './numbers.js'

const MAPPED_PREFIX = '::ffff:'

/** True when a host takes 16 address bytes. IPv4 in IPv6 dress (::ffff:1.2.3.4) is IPv4, as in Java. */
export const isIpv6 = (host: HostAddress): boolean => host.address.includes(':') && !isMapped(host.address)

/** Address bytes and an i32 port. */
export const hostSize = (host: HostAddress): 8 | 20 => (isIpv6(host) ? 20 : 8)

/**
 * Writes address bytes, then the port as i32; returns the position behind. Throws MqError
 * ADDRESS_ILLEGAL.
 */
export function putHost(into: Uint8Array, at: number, host: HostAddress): number {
  const end = isIpv6(host) ? putIpv6(into, at, host.address) : putIpv4(into, at, host.address)
  putI32(into, end, host.port)
  return end + 4
}

export function getHost(bytes: Uint8Array, at: number, size: 8 | 20): HostAddress {
  const addressSize = size - 4
  const address = size === 8 ? getIpv4(bytes, at) : getIpv6(bytes, at)
  return { address, port: getI32(bytes, at + addressSize) }
}

/** Reads `1.2.3.4:5` or `[::1]:5`; undefined when it is neither. The address may be a host name. */
export function parseHost(text: string): HostAddress | undefined {
  const colon = text.lastIndexOf(':')
  const port = text.slice(colon + 1)
  if (colon < 1 || !/^\d{1,5}$/.test(port) || Number(port) > 65_535) return undefined
  const address = text.slice(0, colon).replace(/^\[(.+)\]$/, '$1')
  return { address, port: Number(port) }
}

export const hostText = ({ address, port }: HostAddress): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

function isMapped(address: string): boolean {
  return (
    address.length > MAPPED_PREFIX.length &&
    address.includes('.') &&
    address.toLowerCase().startsWith(MAPPED_PREFIX)
  )
}

/** One pass over the characters, no strings. */
function putIpv4(into: Uint8Array, at: number, address: string): number {
  let part = 0
  let digits = 0
  let parts = 0
  // 58 is a colon: only the mapped form begins with one here.
  for (let i = address.charCodeAt(0) === 58 ? MAPPED_PREFIX.length : 0; i <= address.length; i++) {
    const code = i === address.length ? 46 : address.charCodeAt(i)
    if (code === 46) {
      if (digits === 0 || part > 255 || parts === 4) throw illegal(address)
      into[at + parts++] = part
      part = 0
      digits = 0
      continue
    }
    if (code < 48 || code > 57 || ++digits > 3) throw illegal(address)
    part = part * 10 + (code - 48)
  }
  if (parts !== 4) throw illegal(address)
  return at + 4
}

function putIpv6(into: Uint8Array, at: number, address: string): number {
  const [text = ''] = address.split('%')
  const halves = text.split('::')
  const head = groups(halves[0] as string, address)
  const tail = halves.length > 1 ? groups(halves[1] as string, address) : []
  const missing = 8 - head.length - tail.length
  if (halves.length > 2 || missing < 0 || (halves.length === 1 && missing !== 0)) throw illegal(address)
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail]
  all.forEach((group, i) => {
    into[at + 2 * i] = group >>> 8
    into[at + 2 * i + 1] = group
  })
  return at + 16
}

function groups(text: string, address: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group, i, all) => {
    if (group.includes('.') && i === all.length - 1) {
      const bytes = new Uint8Array(4)
      putIpv4(bytes, 0, group)
      return [getI32(bytes, 0) >>> 16, getI32(bytes, 0) & 0xffff]
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) throw illegal(address)
    return [Number.parseInt(group, 16)]
  })
}

function getIpv4(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`
}

/** Lower case, the first longest run of two or more zero groups shortened (RFC 5952). */
function getIpv6(bytes: Uint8Array, at: number): string {
  const texts = Array.from({ length: 8 }, (_, i) =>
    (((bytes[at + 2 * i] as number) << 8) | (bytes[at + 2 * i + 1] as number)).toString(16),
  )
  let best = { from: 0, length: 1 }
  for (let from = 0; from < 8; from++) {
    let length = 0
    while (texts[from + length] === '0') length++
    if (length > best.length) best = { from, length }
  }
  if (best.length === 1) return texts.join(':')
  return `${texts.slice(0, best.from).join(':')}::${texts.slice(best.from + best.length).join(':')}`
}

function illegal(address: string): MqError {
  return new MqError('ADDRESS_ILLEGAL', `Writing the host address '${address}' into a record`)
}
