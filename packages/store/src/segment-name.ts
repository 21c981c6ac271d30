/** Data files are named by the offset of their first byte, in 20 decimal digits (UtilAll#offset2FileName). */
export function segmentName(offset: number): string {
  return String(offset).padStart(20, '0')
}

/** The offset a data file's name says, or undefined for any other name. */
export function segmentOffset(name: string): number | undefined {
  if (!/^\d{20}$/.test(name)) return undefined
  const offset = Number(name)
  return Number.isSafeInteger(offset) ? offset : undefined
}
