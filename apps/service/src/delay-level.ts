const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** RocketMQ's default levels. A broker may be set to others: a message that comes early is put off again. */
const LEVELS_MS = [
  ...[1, 5, 10, 30].map((count) => count * SECOND),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30].map((count) => count * MINUTE),
  ...[1, 2].map((count) => count * HOUR),
]

/** The first level that waits at least this long, or the longest. */
export function delayLevelOf(ms: number): number {
  const index = LEVELS_MS.findIndex((level) => level >= ms)
  return index < 0 ? LEVELS_MS.length : index + 1
}
