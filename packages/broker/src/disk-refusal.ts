import { MqError } from '@rockhopper/message'
import { ResponseCode } from '@rockhopper/remoting'
import { diskErrorCode, rethrowAssertion } from '@rockhopper/store'

/** Answered with 14, which Apache's clients take to another broker: the disk may have space again soon. */
export function refusedByDisk(attempted: string, error: unknown): unknown {
  rethrowAssertion(error)
  const code = diskErrorCode(error)
  if (code === undefined) return error
  const options = { cause: error, responseCode: ResponseCode.SERVICE_NOT_AVAILABLE }
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new MqError('DISK_FULL', `disk full: ${attempted}`, options)
  return new MqError('DISK_FAILED', `${attempted}: ${code}`, options)
}
