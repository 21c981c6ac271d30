import { RpcException } from '@nestjs/microservices'

/**
 * Nest flattens an exception into a plain object before a strategy sees it, unless `getError` returns the
 * exception itself (as KafkaRetriableException does). All three below do that.
 */

/** Deliver this message again later; it counts as one attempt. */
export class RetryLaterException extends RpcException {
  /**
   * @param delayMs wait at least this long, rounded up to a delay level of the broker (1 s to 2 h).
   *   Absent: the broker's own schedule, which grows with each attempt (10 s first).
   */
  constructor(
    readonly delayMs?: number,
    message = 'retry later',
  ) {
    super(message)
    this.name = 'RetryLaterException'
  }

  override getError(): this {
    return this
  }
}

/** Never deliver this message again; it goes to `%DLQ%group` at once. */
export class DeadLetterException extends RpcException {
  constructor(readonly reason: string) {
    super(reason)
    this.name = 'DeadLetterException'
  }

  override getError(): this {
    return this
  }
}

/**
 * This message is done, although the handler could not use it: acknowledged, with no retry and no dead
 * letter.
 */
export class IgnoreMessageException extends RpcException {
  constructor(reason = 'message ignored') {
    super(reason)
    this.name = 'IgnoreMessageException'
  }

  override getError(): this {
    return this
  }
}

/**
 * Thrown by the work of `client.transaction()`: nothing was done, consumers shall never see the message.
 * After any other error the broker asks the check what became of it.
 */
export class RollbackMessageException extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'RollbackMessageException'
  }
}

/** Some messages of a batch failed; the others are done. */
export class BatchFailedException extends RpcException {
  /** @param failures index in the batch to its error */
  constructor(readonly failures: ReadonlyMap<number, unknown>) {
    super(`${failures.size} messages of the batch failed`)
    this.name = 'BatchFailedException'
  }

  override getError(): this {
    return this
  }
}

/** A payload is not what its schema says. */
export class RocketMQValidationError extends Error {
  override readonly name = 'RocketMQValidationError'

  constructor(
    where: string,
    readonly issues: readonly string[],
  ) {
    super(`${where}: ${issues.join('; ')}`)
  }
}

/** A message was settled twice: the first settlement counts. */
export class RocketMQSettledError extends Error {
  override readonly name = 'RocketMQSettledError'

  constructor(method: string, before: string) {
    super(`${method}() after ${before}(): a message is settled once; keep the first call, or return after it`)
  }
}

/**
 * A mistake in the set-up: a pattern, option or pair of handlers that cannot work. Thrown or given before
 * anything runs.
 */
export class RocketMQSetupError extends Error {
  override readonly name = 'RocketMQSetupError'
}

/** What a failed request handler sent back, rebuilt at the caller. */
export class RocketMQRemoteError extends Error {
  override readonly name: string
  /** The `code` of the error at the other side, if it had one. */
  readonly code: string | number | undefined
  /** The `details` of the error at the other side, if it had any. */
  readonly details: unknown

  constructor(fields: RemoteErrorFields) {
    super(fields.message)
    this.name = fields.name ?? 'RocketMQRemoteError'
    this.code = fields.code
    this.details = fields.details
  }
}

/** The JSON body of an error reply. No stack: it would leave the process. */
export interface RemoteErrorFields {
  readonly name?: string
  readonly message: string
  readonly code?: string | number
  readonly details?: unknown
}
