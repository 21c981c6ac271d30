import type { Random } from '@rockhopper/env'

const FIRST_MS = 100
const MAX_MS = 5_000

/**
 * How long after so many failed connects in a row the next one may be tried: 100 ms, twice as long each time,
 * at most 5 s; half to one and a half of that by chance, so that the clients of a server do not all come back
 * at one moment.
 */
export function connectPauseMs(failures: number, random: Random): number {
  const pauseMs = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10))
  return pauseMs * (0.5 + random.float())
}
