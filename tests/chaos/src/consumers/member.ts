import { setTimeout as delay } from 'node:timers/promises'
import { type MessageView, type PoppedMessage, PushConsumer, SimpleConsumer } from '@rockhopper/client'
import { Calls } from './calls.js'

// A member of a group that fails as the messages say: member.js KIND NAMESERVER CALLS NAME. It leaves when
// its input ends. KIND is push, pop or orderly.

const [, , kind = '', namesrvAddr = '', file = '', name = ''] = process.argv
const GROUP = 'workers'
const TOPIC = 'work'
const MAX_RECONSUME_TIMES = 3
/** Of each half of the work. An orderly queue has one message at work, so its work is short. */
const WORK_MAX_MS = kind === 'orderly' ? 3 : 20
const calls = new Calls(file)
const options = { namesrvAddr, consumerGroup: GROUP, instanceName: name, pollNameServerIntervalMs: 2_000 }

/**
 * Work of any length, its effect, and again some time before the broker hears of it: a kill may come
 * anywhere.
 */
async function work({ body, reconsumeTimes }: MessageView): Promise<boolean> {
  const { fails, id } = JSON.parse(body.toString()) as { id: string; fails: number }
  await delay(Math.random() * WORK_MAX_MS)
  const done = reconsumeTimes >= fails
  calls.note({ id, reconsumeTimes, done, member: name })
  await delay(Math.random() * WORK_MAX_MS)
  return done
}

/** Failures come as a result or as a throw. */
async function listen([message]: readonly MessageView[]): Promise<'CONSUME_SUCCESS' | 'RECONSUME_LATER'> {
  if (message === undefined || (await work(message))) return 'CONSUME_SUCCESS'
  if (Math.random() < 0.5) throw new Error('as planned')
  return 'RECONSUME_LATER'
}

async function push(orderly: boolean): Promise<() => Promise<void>> {
  const consumer = new PushConsumer({
    ...options,
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
    rebalanceIntervalMs: 1_000,
    persistConsumerOffsetIntervalMs: 500,
    orderly,
    suspendCurrentQueueTimeMs: 10,
    ...(orderly ? {} : { maxReconsumeTimes: MAX_RECONSUME_TIMES }),
  })
  consumer.subscribe(TOPIC)
  await consumer.start(listen)
  await consumer.ready()
  return () => consumer.shutdown()
}

async function pop(): Promise<() => Promise<void>> {
  const consumer = new SimpleConsumer({ ...options, invisibleTimeMs: 3_000, waitMs: 1_000 })
  await consumer.start()
  const settle = async (message: PoppedMessage) => {
    if (await work(message)) await consumer.ack(message)
    else if (message.reconsumeTimes >= MAX_RECONSUME_TIMES) await consumer.deadLetter(message)
    else await consumer.changeInvisibleTime(message, 1_000)
  }
  let leaving = false
  const loop = async () => {
    while (!leaving) {
      const messages = await consumer.receive(TOPIC, { countMax: 16 })
      await Promise.all(messages.map(settle))
    }
  }
  const running = loop()
  running.catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  })
  return async () => {
    leaving = true
    await running
    await consumer.shutdown()
  }
}

const end = kind === 'pop' ? await pop() : await push(kind === 'orderly')
process.stdout.write('ready\n')
process.stdin.resume().once('end', () => {
  void end().then(() => process.exit(0))
})
