import type { Clock, Log } from '../env.js'

const SAME_CODE_MS = 10_000
const CODES_MAX = 1_000

interface Seen {
  readonly at: number
  suppressed: number
}

/** Warnings and errors as one line each on standard error; a code repeats at most every ten seconds. */
export function createStderrLog(
  clock: Clock,
  write = (line: string) => void process.stderr.write(line),
): Log {
  const seen = new Map<string, Seen>()

  function line(level: string, code: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const now = clock.monotonic()
    const previous = seen.get(code)
    if (previous !== undefined && now - previous.at < SAME_CODE_MS) {
      previous.suppressed++
      return
    }
    if (seen.size >= CODES_MAX) seen.clear()
    seen.set(code, { at: now, suppressed: 0 })
    const more =
      previous !== undefined && previous.suppressed > 0 ? ` (${previous.suppressed} more before)` : ''
    write(`${new Date(clock.now()).toISOString()} ${level} ${code}${more}${describe(fields)}\n`)
  }

  return {
    info() {},
    warn: (code, fields) => line('WARN', code, fields),
    error: (code, fields) => line('ERROR', code, fields),
  }
}

function describe(fields: Readonly<Record<string, unknown>>): string {
  let text = ''
  for (const [name, value] of Object.entries(fields)) {
    text += ` ${name}=${value instanceof Error ? value.message : String(value)}`
  }
  return text.replaceAll('\n', ' ')
}
