import { LitePullConsumer } from '@rockhopper/client'
import { emit, emitReceived } from './lines.js'
import { number, type Options, required, text } from './options.js'

const POLLS_MAX = 60
const POLL_MS = 1_000
const HOUR_MS = 3_600_000

/** What LitePull.java does. */
export async function litePull(options: Options): Promise<void> {
  const consumer = new LitePullConsumer({
    namesrvAddr: required(options, 'nameserver'),
    consumerGroup: required(options, 'group'),
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
    rebalanceIntervalMs: 1_000,
    autoCommit: false,
  })
  const topic = required(options, 'topic')
  const count = number(options, 'count', 1)
  const sql = text(options, 'sql', '')
  if (sql !== '') {
    consumer.subscribe(topic, { sql })
    await consumer.start()
    await poll(consumer, count)
  } else {
    await consumer.start()
    await assigned(consumer, topic, count, number(options, 'seek', 0))
  }
  await consumer.shutdown()
  emit({ event: 'done' })
}

async function assigned(consumer: LitePullConsumer, topic: string, count: number, seek: number) {
  const [queue] = await consumer.messageQueues(topic)
  if (queue === undefined) throw new Error(`no queue of ${topic}`)
  consumer.assign([queue])
  await consumer.ready()
  await consumer.seekToBegin(queue)
  await poll(consumer, count)
  await consumer.commit()
  emit({
    event: 'offsets',
    committed: await consumer.committed(queue),
    ofTimeZero: await consumer.offsetForTimestamp(queue, 0),
    ofFarFuture: await consumer.offsetForTimestamp(queue, Date.now() + HOUR_MS),
  })
  await consumer.seek(queue, seek)
  await poll(consumer, count - seek)
}

async function poll(consumer: LitePullConsumer, count: number): Promise<void> {
  let found = 0
  for (let i = 0; i < POLLS_MAX && found < count; i++) {
    const messages = await consumer.poll({ timeoutMs: POLL_MS })
    for (const message of messages) emitReceived(message)
    found += messages.length
  }
  emit({ event: 'polled', count: found })
}
