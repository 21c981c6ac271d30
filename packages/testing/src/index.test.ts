import { expect, test } from '@jest/globals'
import { Producer } from '@rockhopper/client'
import { EmbeddedRocketMQ } from './index.js'

test('a test starts its own RocketMQ and sends to it', async () => {
  await using mq = await EmbeddedRocketMQ.start({ topics: ['orders'] })
  const producer = new Producer({ namesrvAddr: mq.nameserverAddress, producerGroup: 'test' })
  await producer.start()
  expect(await producer.send({ topic: 'orders', body: 'hello' })).toMatchObject({ status: 'SEND_OK' })
  await producer.shutdown()
})
