import { expect, test } from '@jest/globals'
import type { PushConsumerOptions } from '@rockhopper/client'
import { createNodeEnv } from '@rockhopper/env'
import { createGroupConsumer } from './group-consumer.js'
import { MemoryBroker } from './memory-broker.fixture.js'
import type { RocketMQServerOptions } from './options.js'
import { planGroups } from './routes.js'

/** What the client is told about the group of a handler with these extras. */
function told(extras: Record<string, unknown>, options: RocketMQServerOptions = {}) {
  const broker = new MemoryBroker()
  let given: PushConsumerOptions | undefined
  const consumer = (one: PushConsumerOptions) => {
    given = one
    return broker.consumer(one)
  }
  const env = createNodeEnv()
  const clients = Object.assign(new MemoryBroker(), { consumer })
  const handler = async () => undefined
  const [plan] = planGroups([{ pattern: 'a', handler, isEvent: true, extras }], { consumerGroup: 'g' })
  if (plan !== undefined)
    createGroupConsumer({ env, clients, options: { namesrvAddr: 'm', env } }, plan, options)
  return given
}

// B11
test.each([
  ['first', { consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET' }],
  ['last', { consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET' }],
  [1_700_000_000_000, { consumeFromWhere: 'CONSUME_FROM_TIMESTAMP', consumeTimestamp: 1_700_000_000_000 }],
  [
    '2023-11-14T22:13:20Z',
    { consumeFromWhere: 'CONSUME_FROM_TIMESTAMP', consumeTimestamp: 1_700_000_000_000 },
  ],
])('a group begins from %s, said by its handler or by the server', (from, wanted) => {
  expect(told({ from })).toMatchObject(wanted)
  expect(told({}, { from })).toMatchObject(wanted)
  expect(told({ from }, { from: from === 'first' ? 'last' : 'first' })).toMatchObject(wanted)
})

// B11
test('what a handler says about its group goes before what the server says', () => {
  expect(told({ concurrency: 3 }, { concurrency: 50 })).toMatchObject({ consumeThreads: 3 })
  expect(told({}, { concurrency: 50 })).toMatchObject({ consumeThreads: 50 })
  expect(told({ batch: { size: 200 } }, { concurrency: 50 })).toMatchObject({ consumeThreads: 200 })
  expect(told({ orderly: true, maxReconsumeTimes: 2 })).toMatchObject({ orderly: true, maxReconsumeTimes: 2 })
  expect(told({ broadcast: true }, { instanceName: 'one' })).toMatchObject({
    messageModel: 'BROADCASTING',
    instanceName: 'one',
  })
  expect(told({}, { instanceName: 'one' })).not.toHaveProperty('instanceName')
})
