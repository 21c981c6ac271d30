import type { Host } from '@rockhopper/env'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/**
 * Whether the local hour of `time` (ms since 1970) is one of `deleteWhen`, hours from 0 to 23 separated by
 * semicolons (UtilAll#isItTimeToDo). What is no hour matches none.
 */
export function isHourToDelete(
  deleteWhen: string,
  time: number,
  host: Pick<Host, 'timezoneOffsetMinutes'>,
): boolean {
  const local = time - host.timezoneOffsetMinutes(time) * MINUTE_MS
  const hour = ((Math.floor(local / HOUR_MS) % 24) + 24) % 24
  return deleteWhen.split(';').some((text) => /^\s*\d{1,2}\s*$/.test(text) && Number(text) === hour)
}
