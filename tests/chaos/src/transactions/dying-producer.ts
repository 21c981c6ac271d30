import { setTimeout as delay } from 'node:timers/promises'
import { application, TOPIC } from './application.js'
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
await producer.start()
for (let i = 0; step === ASKED && i < LATER_MAX; i++) {
  isLast = true
  await producer.sendMessageInTransaction({ topic: TOPIC, body: `${step} ${i}` }, 'LATER')
  await delay(50)
}
for (let i = 0; i <= WHOLE; i++) {
  isLast = i === WHOLE
  const sending = producer.sendMessageInTransaction({ topic: TOPIC, body: `${step} ${i}` }, 'COMMITTED')
  if (isLast && step === 'while the half message is on its way') {
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), Math.random() * 4)
  }
  await sending
  dieAt('after the end')
}
