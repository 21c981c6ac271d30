/** From the worst to the least; the names that the pipeline counts and stores by. */
export const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type Level = (typeof LEVELS)[number]

/** One line on its way: what every collector, sink and analysis agrees on. */
export interface LogLine {
  /** Who the line is, over all repeats: 32 hex digits, see `lineId`. */
  readonly id: string
  /** When it happened, in ms since 1970: by the clock of the service that wrote it. */
  readonly at: number
  readonly level: Level
  readonly service: string
  readonly message: string
  /** How long the reported work took, in ms, if the line reports any. */
  readonly durationMs?: number
  /** Everything else the service said. */
  readonly fields?: Readonly<Record<string, unknown>>
}

/** A line whose form is wrong; the message says what is missing. */
export class LineError extends Error {
  override readonly name = 'LineError'
}

/** Numbers of pino, and of bunyan before it. */
const NUMBERED: Readonly<Record<number, Level>> = {
  60: 'fatal',
  50: 'error',
  40: 'warn',
  30: 'info',
  20: 'debug',
  10: 'trace',
}
const NAMED: Readonly<Record<string, Level>> = {
  ...Object.fromEntries(LEVELS.map((level) => [level, level])),
  critical: 'fatal',
  warning: 'warn',
  log: 'info',
  notice: 'info',
  verbose: 'trace',
}
const TIME_MAX = 8.64e15

/** What stands in for a field that the written line does not have. */
export interface LineDefaults {
  readonly service?: string
  /** Ms since 1970. Without it a line must say when it happened: a repeat of it has to say the same. */
  readonly at?: number
}

/**
 * A line as services write it (pino's fields, or plain `time`, `level`, `service`, `message`), in the form of
 * the pipeline.
 * @throws LineError
 */
export function lineOf(id: string, written: unknown, defaults: LineDefaults = {}): LogLine {
  if (typeof written !== 'object' || written === null || Array.isArray(written))
    throw new LineError('a line is one JSON object')
  const { time, timestamp, at, level, service, name, message, msg, durationMs, responseTime, ...rest } =
    written as Record<string, unknown>
  const happened = timeOf(time ?? timestamp ?? at ?? defaults.at)
  if (happened === undefined)
    throw new LineError("'time' is missing or no time: want ms since 1970 or an ISO date")
  const duration = durationMs ?? responseTime
  const fields =
    duration === undefined || typeof duration === 'number' ? rest : { ...rest, durationMs: duration }
  return {
    id,
    at: happened,
    level: levelOf(level),
    service: textOf(service ?? name ?? defaults.service ?? 'unknown'),
    message: textOf(message ?? msg ?? ''),
    ...(typeof duration === 'number' && duration >= 0 ? { durationMs: duration } : {}),
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
  }
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : value
  return typeof time === 'number' && Math.abs(time) <= TIME_MAX ? Math.trunc(time) : undefined
}

/** A level that is not known is information, not an error: the line counts more than its label. */
function levelOf(value: unknown): Level {
  const known = typeof value === 'number' ? NUMBERED[value] : NAMED[String(value).toLowerCase()]
  return known ?? 'info'
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
