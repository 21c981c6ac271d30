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

/** The clients of Apache know this text; it also begins the remark of every flow control answer. */
export const BUSY_REMARK = '[PC_SYNCHRONIZED]broker busy, start flow control for a while'
