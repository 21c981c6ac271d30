import { afterEach, expect, test } from '@jest/globals'
import { CheckClientRequestBody, ok, ResponseCode, refuse } from '@rockhopper/remoting'
import { LitePullConsumer } from '../lite-pull-consumer.js'
import { PushConsumer } from '../push-consumer.js'
import { env, nameServerOf, serverOf } from '../scripted-servers.fixture.js'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A broker that serves only `a > 1`, and a name server that routes T to `brokerAddress` or to it. */
async function servers(brokerAddress?: string) {
  const asked: (string | undefined)[] = []
  const broker = await serverOf({
    HEART_BEAT: () => ok(),
    UNREGISTER_CLIENT: () => ok(),
    CHECK_CLIENT_CONFIG: (_, { body = Buffer.alloc(0) }) => {
      const { subscriptionData } = CheckClientRequestBody.decode(body)
      asked.push(subscriptionData.subString)
      return subscriptionData.subString === 'a > 1'
        ? ok()
        : refuse(ResponseCode.SUBSCRIPTION_PARSE_FAILED, 'found the end at position 3')
    },
  })
  ends.push(() => broker.stop())
  const address = brokerAddress ?? broker.address
  const nameServer = await nameServerOf(new Map([['T', [{ name: 'a', address, queues: 1 }]]]))
  ends.push(() => nameServer.stop())
  return { asked, options: { env, namesrvAddr: nameServer.address, consumerGroup: 'g' } }
}

test.each([
  ['push', PushConsumer],
  ['lite pull', LitePullConsumer],
] as const)('a %s consumer whose SQL92 expression the broker refuses does not start', async (_, Consumer) => {
  const { asked, options } = await servers()
  const consumer = new Consumer(options)
  ends.push(() => consumer.shutdown())
  consumer.subscribe('T', { sql: 'a >' })
  await expect(consumer.start(() => {})).rejects.toMatchObject({
    code: 'SUBSCRIPTION_ILLEGAL',
    responseCode: ResponseCode.SUBSCRIPTION_PARSE_FAILED,
    message: expect.stringContaining('found the end at position 3'),
  })
  // It was refused before it began, so it may try again.
  consumer.subscribe('T', { sql: 'a > 1' })
  await consumer.start(() => {})
  expect(asked).toEqual(['a >', 'a > 1'])
})

test('a broker that cannot be reached keeps nobody from starting, and tags ask nobody', async () => {
  const { asked, options } = await servers('127.0.0.1:1')
  const consumer = new PushConsumer({ ...options, connectTimeoutMs: 500 })
  ends.push(() => consumer.shutdown())
  consumer.subscribe('T', { sql: 'a >' })
  await consumer.start(() => {})
  const other = await servers()
  const byTag = new PushConsumer(other.options)
  ends.push(() => byTag.shutdown())
  byTag.subscribe('T', 'red || blue')
  await byTag.start(() => {})
  expect([...asked, ...other.asked]).toEqual([])
})
