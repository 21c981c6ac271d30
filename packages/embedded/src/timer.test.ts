import { afterEach, expect, test } from '@jest/globals'
import { type MessageView, Producer, PushConsumer } from '@rockhopper/client'
import { EmbeddedRocketMQ } from './embedded-rocketmq.js'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A broker with ticks of 100 ms, a producer, and what a consumer receives. */
async function shop() {
  const config = { timerPrecisionMs: 100, recallMessageEnable: true }
  const mq = await EmbeddedRocketMQ.start({ topics: [{ topic: 'orders', queues: 1 }], groups: ['g'], config })
  ends.push(() => mq.stop())
  const namesrvAddr = mq.nameserverAddress
  const producer = new Producer({ namesrvAddr, producerGroup: 'timer-test' })
  await producer.start()
  ends.push(() => producer.shutdown())
  const consumer = new PushConsumer({ namesrvAddr, consumerGroup: 'g' })
  const received: MessageView[] = []
  let arrived = () => {}
  consumer.subscribe('orders', '*')
  await consumer.start((messages) => {
    received.push(...messages)
    arrived()
  })
  ends.push(() => consumer.shutdown())
  const until = (count: number) =>
    new Promise<readonly MessageView[]>((resolve) => {
      arrived = () => {
        if (received.length >= count) resolve(received)
      }
      arrived()
    })
  return { producer, until }
}

test('messages that ask for a time come then, and one that was recalled does not come', async () => {
  const { producer, until } = await shop()
  const before = Date.now()
  const recalled = await producer.send({ topic: 'orders', body: 'recalled', deliverTimeMs: before + 700 })
  const handle = recalled.recallHandle ?? ''
  expect(await producer.recallMessage('orders', handle)).toBe(recalled.messageId)
  await producer.send({ topic: 'orders', body: 'third', deliverTimeMs: before + 1_200 })
  await producer.send({ topic: 'orders', body: 'second', delayTimeMs: 400 })
  await producer.send({ topic: 'orders', body: 'first' })
  const received = await until(3)
  expect(received.map(({ body }) => body.toString())).toEqual(['first', 'second', 'third'])
  expect(Date.now()).toBeGreaterThanOrEqual(before + 1_200)
})

test('a recall that cannot be is refused with its reason', async () => {
  const { producer } = await shop()
  await expect(producer.recallMessage('orders', '%')).rejects.toMatchObject({ code: 'ARGUMENT_ILLEGAL' })
  const past = Buffer.from('v1 orders broker-a 1000 ID').toString('base64url')
  await expect(producer.recallMessage('orders', past)).rejects.toMatchObject({
    code: 'RESPONSE_REFUSED',
    responseCode: 604,
  })
})
