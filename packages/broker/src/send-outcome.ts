import { ResponseCode } from '@rockhopper/remoting'
import type { PutStatus } from '@rockhopper/store'

/** remoting.md section 9.5. Exhaustive: a new status does not compile without a code. */
const CODE: Readonly<Record<PutStatus, number>> = {
  PUT_OK: ResponseCode.SUCCESS,
  FLUSH_DISK_TIMEOUT: ResponseCode.FLUSH_DISK_TIMEOUT,
  SERVICE_NOT_AVAILABLE: ResponseCode.SERVICE_NOT_AVAILABLE,
  MESSAGE_ILLEGAL: ResponseCode.MESSAGE_ILLEGAL,
  PROPERTIES_SIZE_EXCEEDED: ResponseCode.MESSAGE_ILLEGAL,
  OS_PAGE_CACHE_BUSY: ResponseCode.SYSTEM_BUSY,
  UNKNOWN_ERROR: ResponseCode.SYSTEM_ERROR,
}

export function codeOfStatus(status: PutStatus): number {
  return CODE[status]
}

/** Apache's remark of a send that a busy disk refuses (SendMessageProcessor#handlePutMessageResult). */
export const BUSY_REMARK = '[PC_SYNCHRONIZED]broker busy, start flow control for a while'

/** Apache's remark of a send that waited for too long (BrokerFastFailure#cleanExpiredRequestInQueue). */
export function overdueRemark(waited: string, queued: number): string {
  const busy = '[TIMEOUT_CLEAN_QUEUE]broker busy, start flow control for a while'
  return `${busy}, ${waited}, size of queue: ${queued}`
}

const ILLEGAL_REMARK = 'the message is illegal, maybe msg body or properties length not matched'

/** The remark of a refused `place`: begins as Apache's where it has one, and says what was wrong. */
export function refusalRemark({ status, remark }: { status: PutStatus; remark: string }): string {
  switch (status) {
    case 'OS_PAGE_CACHE_BUSY':
      return `${BUSY_REMARK}: ${remark}`
    case 'MESSAGE_ILLEGAL':
    case 'PROPERTIES_SIZE_EXCEEDED':
      return `${ILLEGAL_REMARK}: ${remark}`
    default:
      return remark
  }
}
