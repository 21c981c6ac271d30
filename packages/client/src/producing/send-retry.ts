import { MqError } from '@rockhopper/message'

/**
 * Answers after which another broker may take the message (Apache: DefaultMQProducer.retryResponseCodes):
 * topic not exist, service not available, system error, no permission, no buyer id, not in current unit,
 * system busy, go away.
 */
export const RETRY_RESPONSE_CODES: ReadonlySet<number> = new Set([17, 14, 1, 16, 204, 205, 2, 1500])

/**
 * Failures of the way to the broker: the message may or may not be stored there; at least once is what a
 * send is.
 */
const RETRY_ERRORS = new Set(['CONNECT_FAILED', 'CONNECTION_CLOSED', 'REQUEST_TIMEOUT', 'BROKER_NOT_FOUND'])

/** Whether a failed attempt is worth another one elsewhere. */
export function mayRetry(error: unknown): boolean {
  if (!(error instanceof MqError)) return false
  if (error.code !== 'RESPONSE_REFUSED') return RETRY_ERRORS.has(error.code)
  return error.responseCode !== undefined && RETRY_RESPONSE_CODES.has(error.responseCode)
}
