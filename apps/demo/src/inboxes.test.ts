import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from '@jest/globals'
import { Inboxes, type Received, startSmtpInbox } from './inboxes.js'

const HOST = '127.0.0.1'
const MAIL = [
  ...['EHLO test', 'MAIL FROM:<shop@example.com>', 'RCPT TO:<ada@example.com>', 'DATA'],
  ...['Message-ID: <1@test>\r\nSubject: hello\r\n\r\nDear Ada\r\n.', 'QUIT'],
]

test('a sender that is killed in the middle costs the mail server nothing but its connection', async () => {
  let take = (_: Received): void => undefined
  const received = new Promise<Received>((resolve) => {
    take = resolve
  })
  const inbox = await startSmtpInbox(new Inboxes(take), HOST, 0)
  const killed = connect(inbox.port, HOST)
  for (const line of MAIL.slice(0, 4)) {
    await once(killed, 'data')
    killed.write(`${line}\r\n`)
  }
  await once(killed, 'data')
  // What the kernel sends for a killed process that had not read everything.
  killed.resetAndDestroy()

  const sender = connect(inbox.port, HOST)
  for (const line of MAIL) {
    await once(sender, 'data')
    sender.write(`${line}\r\n`)
  }
  expect(await received).toMatchObject({ id: '1@test', to: 'ada@example.com', text: 'Dear Ada' })
  await inbox.close()
})
