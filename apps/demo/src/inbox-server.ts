import { Inboxes, startSmsInbox, startSmtpInbox } from './inboxes.js'
import { HOST } from './plan.js'

/** The customers' mail server and SMS provider as a process of their own: for who runs the services apart. */
const host = process.env['HOST'] ?? HOST
const inboxes = new Inboxes(({ channel, to, text }) => process.stdout.write(`${channel} to ${to}: ${text}\n`))
const smtp = await startSmtpInbox(inboxes, host, Number(process.env['SMTP_PORT'] ?? 1025))
const sms = await startSmsInbox(inboxes, host, Number(process.env['SMS_PORT'] ?? 8080))
process.stdout.write(`ready service=inboxes host=${host} smtp=${smtp.port} sms=${sms.port}\n`)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void Promise.all([smtp.close(), sms.close()]).then(() => process.exit(0)))
}
