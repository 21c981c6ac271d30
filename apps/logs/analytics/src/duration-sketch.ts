/** Relative error of every quantile. */
export const RELATIVE_ERROR = 0.01
/** Below this, in ms, durations count as nothing: what the error is of then does not matter any more. */
const SMALLEST = 0.001
const LARGEST = 1e9

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
const LOG_GAMMA = Math.log(GAMMA)

/** How many durations fell into each bucket; bucket `i` is from GAMMA^(i-1) to GAMMA^i ms. */
export interface DurationSketch {
  /** Durations below `SMALLEST`. */
  readonly none: number
  readonly buckets: Readonly<Record<string, number>>
}

export const EMPTY_SKETCH: DurationSketch = { none: 0, buckets: {} }

/**
 * Quantiles of durations in little room (DDSketch: Masson, Rim, Lee, VLDB 2019): buckets grow by a factor,
 * so that a quantile is wrong by at most 1 % of itself. At most about 1,400 buckets, and two sketches added
 * are the sketch of all their durations, whoever counted them.
 */
export function sketchOf(durationsMs: Iterable<number>): DurationSketch {
  let none = 0
  const buckets: Record<string, number> = {}
  for (const durationMs of durationsMs) {
    if (durationMs < SMALLEST) none++
    else {
      const index = Math.ceil(Math.log(Math.min(durationMs, LARGEST)) / LOG_GAMMA)
      buckets[index] = (buckets[index] ?? 0) + 1
    }
  }
  return { none, buckets }
}

export function mergeSketches(a: DurationSketch, b: DurationSketch): DurationSketch {
  const buckets: Record<string, number> = { ...a.buckets }
  for (const [index, count] of Object.entries(b.buckets)) buckets[index] = (buckets[index] ?? 0) + count
  return { none: a.none + b.none, buckets }
}

/** The duration below which the share `quantile` (0 to 1) of all lie, in ms; undefined without durations. */
export function quantileOf(sketch: DurationSketch, quantile: number): number | undefined {
  const sorted = Object.entries(sketch.buckets)
    .map(([index, count]) => [Number(index), count] as const)
    .sort(([a], [b]) => a - b)
  const total = sorted.reduce((sum, [, count]) => sum + count, sketch.none)
  if (total === 0) return undefined
  const rank = quantile * (total - 1)
  let below = sketch.none
  if (below > rank) return 0
  for (const [index, count] of sorted) {
    below += count
    // The middle of the bucket by ratio: as far from its lower end as from its upper one.
    if (below > rank) return (2 * GAMMA ** index) / (GAMMA + 1)
  }
  return LARGEST
}
