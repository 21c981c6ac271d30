const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Delays in ms of level 1, 2, ... from a text like `1s 5s 1m`. Throws RangeError naming the part it cannot
 * read. Source: ScheduleMessageService#parseDelayLevel.
 */
export function parseDelayLevels(text: string): number[] {
  return text
    .trim()
    .split(/\s+/)
    .map((part) => {
      const match = /^(\d{1,9})([smhd])$/.exec(part)
      const unitMs = UNIT_MS[match?.[2] ?? '']
      if (match === null || unitMs === undefined)
        throw new RangeError(`messageDelayLevel: cannot read '${part}'`)
      return Number(match[1]) * unitMs
    })
}

/** When a message of a level is due. A level above the last one counts as the last. */
export function dueTime(levels: readonly number[], level: number, storeTimestamp: number): number {
  const delayMs = levels[Math.min(level, levels.length) - 1]
  return storeTimestamp + (delayMs ?? 1_000)
}
