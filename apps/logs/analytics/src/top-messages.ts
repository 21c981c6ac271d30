/** Messages counted at a time. One that is more than 1/64 of all is never missed. */
export const COUNTERS_MAX = 64
const MESSAGE_LENGTH_MAX = 120

/**
 * The most frequent messages in bounded room (Misra and Gries, 1982). A count is too small by at most
 * `missed`, and `missed` is at most a 65th of all.
 */
export interface TopMessages {
  readonly counts: Readonly<Record<string, number>>
  readonly missed: number
}

export const NO_MESSAGES: TopMessages = { counts: {}, missed: 0 }

/** What a message says without its numbers and ids: `order 17 placed` and `order 18 placed` are the same. */
export function templateOf(message: string): string {
  return message
    .slice(0, 4 * MESSAGE_LENGTH_MAX)
    .replace(/\b[0-9a-f]{8,}(-[0-9a-f]{4,})*\b/gi, '#')
    .replace(/\d+([.,:]\d+)*/g, '#')
    .slice(0, MESSAGE_LENGTH_MAX)
}

export function topOf(messages: Iterable<string>): TopMessages {
  const counts = new Map<string, number>()
  let missed = 0
  for (const message of messages) {
    const template = templateOf(message)
    counts.set(template, (counts.get(template) ?? 0) + 1)
    if (counts.size > 16 * COUNTERS_MAX) missed += shrink(counts)
  }
  if (counts.size > COUNTERS_MAX) missed += shrink(counts)
  return { counts: Object.fromEntries(counts), missed }
}

export function mergeTops(a: TopMessages, b: TopMessages): TopMessages {
  const counts = new Map(Object.entries(a.counts))
  for (const [template, count] of Object.entries(b.counts))
    counts.set(template, (counts.get(template) ?? 0) + count)
  const more = counts.size > COUNTERS_MAX ? shrink(counts) : 0
  return { counts: Object.fromEntries(counts), missed: a.missed + b.missed + more }
}

/** Takes from all what the first one too many has: what is taken here is taken from 65 at once. */
function shrink(counts: Map<string, number>): number {
  const taken = [...counts.values()].sort((a, b) => b - a)[COUNTERS_MAX] ?? 0
  for (const [template, count] of counts) {
    if (count > taken) counts.set(template, count - taken)
    else counts.delete(template)
  }
  return taken
}
