import { postOnce } from '@rockhopper/seckill-contracts'
import type { NoticeRow } from './notice-row.js'

/** Delivers one message; resolves when the other side took responsibility for it. */
export interface PushSender {
  send(notice: NoticeRow): Promise<void>
}

export const PUSH_SENDER = Symbol('PUSH_SENDER')

/** Through a provider's HTTP interface, which drops repeats of one Idempotency-Key. */
export function createHttpPushSender(url: string): PushSender {
  return {
    send: ({ id, recipient, text }) => postOnce(url, id, { to: recipient, text }),
  }
}
