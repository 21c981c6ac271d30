import { offsetMessageId } from '@rockhopper/message'
import { ok, type Reply, type ResponseHeader, refuse } from '@rockhopper/remoting'
import type { Written } from './message-writer.js'
import type { BrokerParts } from './parts.js'

export type SendReply = Reply<'SEND_MESSAGE'>

/**
 * The answer to a send: the offsets, and what Java clients read without a null check (remoting.md section
 * 9.5).
 */
export function sendReply(
  parts: Pick<BrokerParts, 'config' | 'storeHost'>,
  written: Written,
  queueId: number,
  transactionId: string | undefined,
  recallHandle?: string,
): SendReply {
  if (!('placed' in written)) return refuse(written.code, written.remark)
  const { config, storeHost } = parts
  const { physicalOffset, physicalOffsets, queueOffset } = written.placed
  const header: ResponseHeader<'SEND_MESSAGE'> = {
    msgId: (physicalOffsets ?? [physicalOffset])
      .map((offset) => offsetMessageId(storeHost, offset))
      .join(','),
    queueId,
    queueOffset,
    transactionId,
    MSG_REGION: config.regionId,
    TRACE_ON: config.traceOn,
    ...(recallHandle === undefined ? {} : { recallHandle }),
  }
  return written.code === 0 ? ok(header) : refuse(written.code, written.remark ?? '', header)
}
