import type { LoggerService } from '@nestjs/common'
import { isSpanContextValid, trace } from '@opentelemetry/api'
import { type Logger as Pino, pino } from 'pino'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What Nest says while it puts the application together. */
const ASSEMBLY = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
  'NestMicroservice',
])

/**
 * One JSON object a line on standard error, in the form that the log pipeline collects (`time`, `level`,
 * `service`, `message`), with the ids of the trace under way.
 */
export function createLogger(system: string, service: string, level: LogLevel): Pino {
  const options = {
    level,
    base: { system, service },
    messageKey: 'message',
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: traceIds,
  }
  return pino(options, pino.destination({ dest: 2, sync: true }))
}

/** Of the span under way; nothing outside of one. */
export function traceIds(): object {
  const span = trace.getActiveSpan()?.spanContext()
  if (span === undefined || !isSpanContextValid(span)) return {}
  return { trace_id: span.traceId, span_id: span.spanId }
}

/** Nest's logger, and with it that of the libraries, on a structured one. */
export class NestLogger implements LoggerService {
  readonly #pino: Pino

  constructor(to: Pino) {
    this.#pino = to
  }

  log(message: unknown, ...more: unknown[]): void {
    this.#write(ASSEMBLY.has(String(more.at(-1))) ? 'debug' : 'info', message, more)
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.#write('warn', message, more)
  }

  error(message: unknown, ...more: unknown[]): void {
    this.#write('error', message, more)
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.#write('debug', message, more)
  }

  verbose(message: unknown, ...more: unknown[]): void {
    this.#write('trace', message, more)
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.#write('fatal', message, more)
  }

  /** The last of what follows the message is the context, what stands before it is a stack. */
  #write(level: Exclude<LogLevel, 'silent'>, message: unknown, more: readonly unknown[]): void {
    const context = more.at(-1)
    const stack = more.length > 1 ? more[0] : undefined
    const fields = {
      ...(typeof context === 'string' ? { context } : {}),
      ...(typeof stack === 'string' ? { stack } : {}),
    }
    if (message instanceof Error) this.#pino[level]({ ...fields, err: message }, message.message)
    else if (typeof message === 'object' && message !== null) this.#pino[level]({ ...fields, ...message })
    else this.#pino[level](fields, String(message))
  }
}
