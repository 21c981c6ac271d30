/** The limit of a handler that may begin `rate` calls in a second: in tenths of it where that is exact. */
export function perSecond(rate: number): { readonly count: number; readonly perMs: number } {
  return rate % 10 === 0 ? { count: rate / 10, perMs: 100 } : { count: rate, perMs: 1_000 }
}
