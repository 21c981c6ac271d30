import { postOnce } from '@rockhopper/shop-contracts'
import { createTransport } from 'nodemailer'
import type { NoticeRow } from './notice-row.js'

/** Delivers one notice; resolves when the other side took responsibility for it. */
export interface NoticeSender {
  send(notice: NoticeRow): Promise<void>
}

export const MAIL_SENDER = Symbol('MAIL_SENDER')
export const SMS_SENDER = Symbol('SMS_SENDER')

const SEND_TIMEOUT_MS = 5_000
/** What mail providers allow one sender; more mails wait for a connection that is free. */
const MAIL_CONNECTIONS = 5
const FROM = 'Rockhopper shop <shop@rockhopper.example>'

/** Mail through SMTP, over kept connections. Message-ID is the notice's id, the same for every repeat. */
export function createSmtpSender(url: string): NoticeSender {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: MAIL_CONNECTIONS,
    connectionTimeout: SEND_TIMEOUT_MS,
    greetingTimeout: SEND_TIMEOUT_MS,
    socketTimeout: SEND_TIMEOUT_MS,
  })
  return {
    async send({ id, recipient, subject, text }) {
      await transport.sendMail({
        from: FROM,
        to: recipient,
        subject,
        text,
        messageId: `<${id}@rockhopper.shop>`,
      })
    },
  }
}

/** SMS through a provider's HTTP interface, which drops repeats of one Idempotency-Key. */
export function createHttpSmsSender(url: string): NoticeSender {
  return {
    send: ({ id, recipient, text }) => postOnce(url, id, { to: recipient, text }),
  }
}
