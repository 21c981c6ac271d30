import { setTimeout as delay } from 'node:timers/promises'
import { application, type Plan, TOPIC } from './application.js'
import { Ledger } from './ledger.js'

// A producer that dies by its own hand at one step: dying-producer.js NAMESERVER LEDGER STEP. It sends three
// whole transactions first.

const [, , namesrvAddr = '', file = '', step = ''] = process.argv
const WHOLE = 3
const ASKED = 'while it is asked'
/** Of those that leave the answer to a check: any producer of the group may be asked, and answer. */
const LATER_MAX = 200
let isLast = false

const dieAt = (here: string): void => {
  if (isLast && step === here) process.kill(process.pid, 'SIGKILL')
}

const producer = application(namesrvAddr, new Ledger(file), {
  beforeCommit: () => dieAt('before the local commit'),
  afterCommit: () => dieAt('after the local commit'),
  whenAsked: () => dieAt(ASKED),
})

/**
 * A broker that just started, on a busy machine, may not take the first ones; nothing is executed for those.
 */
async function taken(body: string, plan: Plan): Promise<void> {
  for (let left = 50; ; left--) {
    const sent = producer.sendMessageInTransaction({ topic: TOPIC, body }, plan)
    const failed = await sent.then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failed === undefined) return
    if (left === 0) throw failed
    await delay(100)
  }
}

await producer.start()
for (let i = 0; step === ASKED && i < LATER_MAX; i++) {
  isLast = true
  await taken(`${step} ${i}`, 'LATER')
  await delay(50)
}
for (let i = 0; i <= WHOLE; i++) {
  isLast = i === WHOLE
  const sending = taken(`${step} ${i}`, 'COMMITTED')
  if (isLast && step === 'while the half message is on its way') {
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), Math.random() * 4)
  }
  await sending
  dieAt('after the end')
}
