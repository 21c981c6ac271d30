import { LogShipper, type LogShipperOptions } from '../log-shipper.js'

/**
 * NestJS's LoggerService, to a topic: `NestFactory.create(AppModule, { logger })`, and `logger.close()` after
 * `app.close()`. It only implements the interface, so that any Nest does.
 */
export class RocketMQLogger {
  readonly #shipper: LogShipper
  readonly #echo: NestLogger | undefined

  /** Lines also go to `echo`, for example a ConsoleLogger. */
  constructor(options: LogShipperOptions, echo?: NestLogger) {
    this.#shipper = new LogShipper(options)
    this.#echo = echo
  }

  log(message: unknown, ...more: unknown[]): void {
    this.#take('info', message, more)
    this.#echo?.log(message, ...more)
  }

  error(message: unknown, ...more: unknown[]): void {
    this.#take('error', message, more)
    this.#echo?.error(message, ...more)
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.#take('warn', message, more)
    this.#echo?.warn(message, ...more)
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.#take('debug', message, more)
    this.#echo?.debug?.(message, ...more)
  }

  verbose(message: unknown, ...more: unknown[]): void {
    this.#take('trace', message, more)
    this.#echo?.verbose?.(message, ...more)
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.#take('fatal', message, more)
    this.#echo?.fatal?.(message, ...more)
  }

  /** Resolves true when everything so far was acknowledged. */
  flush(): Promise<boolean> {
    return this.#shipper.flush()
  }

  close(): Promise<void> {
    return this.#shipper.close()
  }

  /** Nest appends the context as last parameter, and for errors the stack before it. */
  #take(level: string, message: unknown, more: readonly unknown[]): void {
    const texts = more.filter((one) => typeof one === 'string')
    const context = texts.at(-1)
    const stack = level === 'error' && texts.length > 1 ? texts[0] : undefined
    const error = isError(message) ? { message: message.message, stack: message.stack } : undefined
    const entry =
      typeof message === 'object' && message !== null && error === undefined ? message : { message }
    this.#shipper.take({
      ...entry,
      ...error,
      level,
      ...(context === undefined ? {} : { context }),
      ...(stack === undefined ? {} : { stack }),
    })
  }
}

/** The methods of Nest's LoggerService that are called. */
export interface NestLogger {
  log(message: unknown, ...more: unknown[]): void
  error(message: unknown, ...more: unknown[]): void
  warn(message: unknown, ...more: unknown[]): void
  debug?(message: unknown, ...more: unknown[]): void
  verbose?(message: unknown, ...more: unknown[]): void
  fatal?(message: unknown, ...more: unknown[]): void
}

const isError = (value: unknown): value is Error =>
  typeof value === 'object' && value !== null && 'stack' in value && 'message' in value
