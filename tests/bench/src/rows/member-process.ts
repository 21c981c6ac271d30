// A member of a consumer group, a process of its own so that it can be killed. It begins when it is told to,
// and prints `queueId body` for each message.
import { PushConsumer } from '@rockhopper/client'
import { createNodeEnv } from '@rockhopper/env'

const silent = (): void => undefined
const [, , namesrvAddr = '', topic = '', consumerGroup = ''] = process.argv
const consumer = new PushConsumer({
  namesrvAddr,
  consumerGroup,
  consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
  // That others of the group are gone is what is measured, not what the log should be full of.
  env: createNodeEnv({ log: { info: silent, warn: silent, error: silent } }),
})
consumer.subscribe(topic)

process.stdin.once('data', () => {
  void consumer.start(async (messages) => {
    for (const { queueId, body } of messages) process.stdout.write(`${queueId} ${body.toString()}\n`)
  })
})
// The end of the parent ends this.
process.stdin.once('end', () => process.exit(0))
process.stdout.write('waiting\n')
