/** Buckets per doubling: a value is known to about 3 %. */
const STEPS = 32

/** A histogram of microseconds with buckets that grow with the value; adding costs some 10 ns. */
export class Latencies {
  readonly #counts = new Float64Array(STEPS * 40)
  count = 0

  add(us: number): void {
    this.#counts[bucketOf(us)] = (this.#counts[bucketOf(us)] as number) + 1
    this.count++
  }

  clear(): void {
    this.#counts.fill(0)
    this.count = 0
  }

  /** The smallest value that a share of all values does not exceed, in microseconds; 0 without values. */
  percentile(share: number): number {
    let left = Math.ceil(this.count * share)
    if (left === 0) return 0
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      left -= this.#counts[bucket] as number
      if (left <= 0) return upperOf(bucket)
    }
    return upperOf(this.#counts.length - 1)
  }
}

/** Below 32 us a bucket is one us; above, each doubling has 32 of them. */
function bucketOf(us: number): number {
  const value = Math.max(0, Math.round(us))
  if (value < STEPS) return value
  const power = Math.floor(Math.log2(value)) - 5
  return Math.min(STEPS * 40 - 1, (power + 1) * STEPS + (Math.floor(value / 2 ** power) - STEPS))
}

function upperOf(bucket: number): number {
  if (bucket < STEPS) return bucket
  const power = Math.floor(bucket / STEPS) - 1
  return ((bucket % STEPS) + STEPS + 1) * 2 ** power - 1
}
