/** Big-endian numbers in bytes, without BigInt: an i64 is two 32-bit halves and a safe integer. */

const TWO_32 = 0x1_0000_0000

export function putI16(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 8
  into[at + 1] = value
}

export function putI32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24
  into[at + 1] = value >>> 16
  into[at + 2] = value >>> 8
  into[at + 3] = value
}

/** `value` is a safe integer. */
export function putI64(into: Uint8Array, at: number, value: number): void {
  putI32(into, at, Math.floor(value / TWO_32))
  // ToInt32 keeps the low 32 bits of any safe integer, also of a negative one.
  putI32(into, at + 4, value | 0)
}

export function getI16(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 24) >> 16) | (bytes[at + 1] as number)
}

export function getI32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}

/** May lose the low bits outside of the safe range: check with Number.isSafeInteger. */
export function getI64(bytes: Uint8Array, at: number): number {
  return getI32(bytes, at) * TWO_32 + (getI32(bytes, at + 4) >>> 0)
}

/** For fields that a client may fill with anything: what is out of the safe range is brought to its end. */
export function getI64Saturated(bytes: Uint8Array, at: number): number {
  const value = getI64(bytes, at)
  if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER
  if (value < Number.MIN_SAFE_INTEGER) return Number.MIN_SAFE_INTEGER
  return value
}
