import { once } from 'node:events'
import { createReplyMessage, Producer, PushConsumer } from '@rockhopper/client'
import { emit } from './lines.js'
import { number, type Options, required } from './options.js'

/** What Request.java does. */
export async function request(options: Options): Promise<void> {
  const producer = new Producer({
    namesrvAddr: required(options, 'nameserver'),
    producerGroup: required(options, 'group'),
  })
  await producer.start()
  const count = number(options, 'count', 5)
  for (let index = 0; index < count; index++) {
    const question = { topic: required(options, 'topic'), body: `question ${index} 你好` }
    const reply = await producer.request(question, { timeoutMs: number(options, 'timeout-ms', 20_000) })
    emit({ event: 'reply', index, text: reply.body.toString('utf8') })
  }
  await producer.shutdown()
  emit({ event: 'done', count })
}

/** What Reply.java does. */
export async function reply(options: Options): Promise<void> {
  const namesrvAddr = required(options, 'nameserver')
  const group = required(options, 'group')
  const producer = new Producer({ namesrvAddr, producerGroup: `${group}-replies` })
  const consumer = new PushConsumer({ namesrvAddr, consumerGroup: group, rebalanceIntervalMs: 1_000 })
  consumer.subscribe(required(options, 'topic'))
  await producer.start()
  await consumer.start(async (messages) => {
    for (const message of messages) {
      const question = message.body.toString('utf8')
      await producer.send(createReplyMessage(message, `answer to ${question}`))
      emit({ event: 'answered', text: question })
    }
  })
  await consumer.ready()
  emit({ event: 'ready' })
  process.stdin.resume()
  await once(process.stdin, 'end')
  await consumer.shutdown()
  await producer.shutdown()
  emit({ event: 'done' })
}
