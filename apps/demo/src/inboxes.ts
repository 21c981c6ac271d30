import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

/** A mail or SMS that reached its customer. */
export interface Received {
  readonly at: number
  readonly channel: 'mail' | 'sms'
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly text: string
  /** How often this id arrived: 2 and more are repeats after a crash. */
  readonly count: number
}

const KEPT_MAX = 500
const SMS_SIZE_MAX = 64 * 1024
const MAIL_SIZE_MAX = 1024 * 1024

/** The customers' side: a mail server and an SMS provider that keep what they are given, by id. */
export class Inboxes {
  /** Both providers answer that they cannot take anything now. */
  refusing = false
  readonly #received = new Map<string, Received>()
  readonly #onReceived: (message: Received) => void

  /** @param keptMax the oldest beyond these are forgotten. */
  constructor(
    onReceived: (message: Received) => void,
    readonly keptMax = KEPT_MAX,
  ) {
    this.#onReceived = onReceived
  }

  list(): Received[] {
    return [...this.#received.values()]
  }

  take(message: Omit<Received, 'at' | 'count'>): void {
    const key = `${message.channel} ${message.id}`
    const count = (this.#received.get(key)?.count ?? 0) + 1
    const kept = { ...message, at: Date.now(), count }
    this.#received.delete(key)
    this.#received.set(key, kept)
    const oldest = this.#received.keys().next()
    if (this.#received.size > this.keptMax && !oldest.done) this.#received.delete(oldest.value)
    this.#onReceived(kept)
  }
}

export interface Running {
  readonly port: number
  close(): Promise<void>
}

export function startSmtpInbox(inboxes: Inboxes, host: string, port: number): Promise<Running> {
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    size: MAIL_SIZE_MAX,
    onData(stream, session, done) {
      readMail(stream).then(
        (mail) => {
          if (inboxes.refusing) return done(new Error('the provider takes no mail now'))
          const to = session.envelope.rcptTo.map((recipient) => recipient.address).join(', ')
          const id = (mail.messageId ?? '').replace(/^<|>$/g, '')
          inboxes.take({
            channel: 'mail',
            id,
            to,
            subject: mail.subject ?? '',
            text: (mail.text ?? '').trim(),
          })
          done()
        },
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      )
    },
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      // From here on errors are of single connections: a sender that was killed in the middle.
      server.off('error', reject)
      server.on('error', () => undefined)
      const bound = (server.server.address() as AddressInfo).port
      resolve({ port: bound, close: () => new Promise((done) => server.close(() => done())) })
    })
  })
}

async function readMail(stream: AsyncIterable<Buffer>): Promise<Email> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return PostalMime.parse(Buffer.concat(chunks))
}

export function startSmsInbox(inboxes: Inboxes, host: string, port: number): Promise<Running> {
  const server = createServer((request, response) => {
    readSms(request).then(
      (sms) => {
        if (inboxes.refusing) return answer(response, 503)
        inboxes.take({ channel: 'sms', subject: '', ...sms })
        answer(response, 202)
      },
      () => answer(response, 400),
    )
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      const bound = (server.address() as AddressInfo).port
      resolve({
        port: bound,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status).end()
}

async function readSms(request: IncomingMessage): Promise<{ id: string; to: string; text: string }> {
  const id = request.headers['idempotency-key']
  if (typeof id !== 'string') throw new Error('no Idempotency-Key')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > SMS_SIZE_MAX) throw new Error('too large')
    chunks.push(chunk)
  }
  const { to, text } = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
  if (typeof to !== 'string' || typeof text !== 'string') throw new Error('want { to, text }')
  return { id, to, text }
}
