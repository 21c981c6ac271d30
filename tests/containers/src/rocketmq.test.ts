import { describe, expect, test } from '@jest/globals'
import { Producer, PushConsumer } from '@rockhopper/client'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { RocketMQContainer } from '@rockhopper/testing/containers'
import { availableImage } from './engine.fixture.js'

const image = availableImage('rocketmq')

/** What a suite needs: the same of the embedded one and of Apache's in a container. */
interface RocketMQ extends AsyncDisposable {
  readonly nameserverAddress: string
  readonly brokerAddress: string
}

const options = { topics: ['order_topic'] }
const KINDS: readonly [name: string, start: () => Promise<RocketMQ>, describe: typeof describe.skip][] = [
  ['EmbeddedRocketMQ', () => EmbeddedRocketMQ.start(options), describe],
  [
    'RocketMQContainer',
    () => RocketMQContainer.start({ ...options, ...(image === undefined ? {} : { image }) }),
    image === undefined ? describe.skip : describe,
  ],
]

for (const [name, start, describeHere] of KINDS) {
  describeHere(`one suite on ${name}`, () => {
    test('a message goes from a producer to a consumer, the failed one twice', async () => {
      await using mq = await start()
      const namesrvAddr = mq.nameserverAddress
      const producer = new Producer({ namesrvAddr, producerGroup: 'senders' })
      await producer.start()
      const { status } = await producer.send({ topic: 'order_topic', tag: 'created', body: 'first' })
      const consumer = new PushConsumer({
        namesrvAddr,
        consumerGroup: 'receivers',
        consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
      })
      consumer.subscribe('order_topic', 'created')
      const seen: [body: string, reconsumeTimes: number][] = []
      const twice = new Promise<void>((resolve) => {
        void consumer.start(async ([message], context) => {
          seen.push([String(message?.body), message?.reconsumeTimes ?? 0])
          if (seen.length === 2) resolve()
          context.delayLevelWhenNextConsume = 1
          return seen.length === 1 ? 'RECONSUME_LATER' : 'CONSUME_SUCCESS'
        })
      })
      await twice
      expect(status).toBe('SEND_OK')
      expect(seen).toEqual([
        ['first', 0],
        ['first', 1],
      ])
      expect(mq.brokerAddress).toMatch(/:\d+$/)
      await consumer.shutdown()
      await producer.shutdown()
    }, 180_000)
  })
}
