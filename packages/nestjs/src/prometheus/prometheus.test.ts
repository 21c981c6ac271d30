import { expect, test } from '@jest/globals'
import { Registry } from 'prom-client'
import { ClientRocketMQ } from '../client.js'
import { MemoryBroker } from '../memory-broker.fixture.js'
import { prometheus } from './index.js'

test('sends and deliveries are counted by topic, group and outcome', async () => {
  const registry = new Registry()
  const metrics = prometheus({ registry })
  const broker = new MemoryBroker()
  const client = new ClientRocketMQ({ namesrvAddr: 'memory', clients: broker, instrumentation: [metrics] })
  const { messageId } = await client.publish('a', 1)
  broker.down = new Error('down')
  await expect(client.publish('a', 2)).rejects.toBe(broker.down)
  const message = broker.topics.get('a')?.find((one) => one.messageId === messageId)
  if (message === undefined) throw new Error('nothing was sent')
  await metrics.deliver?.({ message, group: 'g' }, async () => {
    expect(await registry.metrics()).toContain('rocketmq_client_in_flight{topic="a",consumer_group="g"} 1')
    return { kind: 'drop', reason: 'no' }
  })
  const text = await registry.metrics()
  expect(text).toContain('rocketmq_client_send_total{topic="a",outcome="ok"} 1')
  expect(text).toContain('rocketmq_client_send_total{topic="a",outcome="failed"} 1')
  expect(text).toMatch(/rocketmq_client_process_seconds_count\{[^}]*outcome="drop"[^}]*\} 1/)
  await client.close()
})
