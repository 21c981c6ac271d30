import type { NoticeRow } from './notice-row.js'

/** Delivers one message; resolves when the other side took responsibility for it. */
export interface PushSender {
  send(notice: NoticeRow): Promise<void>
}

export const PUSH_SENDER = Symbol('PUSH_SENDER')

const SEND_TIMEOUT_MS = 5_000

/** Through a provider's HTTP interface, which drops repeats of one Idempotency-Key. */
export function createHttpPushSender(url: string): PushSender {
  return {
    async send({ id, recipient, text }) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': id },
        body: JSON.stringify({ to: recipient, text }),
        signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
      })
      await response.body?.cancel()
      if (!response.ok) throw new Error(`the provider answered ${response.status}`)
    },
  }
}
