import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RocketMQRecordBuilder, RollbackMessageException } from '@rockhopper/nestjs'
import { ApacheRocketMQ } from '../apache.js'
import { springApplication } from '../build-cache.js'
import { eventually } from '../eventually.js'
import { describeWithTools } from '../requirements.js'
import { Rockhopper } from '../rockhopper.js'
import { removeTempDirs } from '../temp.js'
import { type Neighbours, startNeighbours } from './service.fixture.js'

const BUILD_TIMEOUT_MS = 900_000
const TEST_TIMEOUT_MS = 120_000
/** As the Apache broker of these tests: it asks after seconds, not a minute. */
const ASKING = { transactionCheckInterval: 5_000, transactionTimeOut: 3_000 }

describeWithTools('rocketmq-spring and a Nest service', () => {
  beforeAll(() => springApplication(), BUILD_TIMEOUT_MS)
  afterAll(() => removeTempDirs())

  for (const [name, start] of [
    ['our broker', () => Rockhopper.start({ properties: ASKING })],
    ["Apache's broker", () => ApacheRocketMQ.start()],
  ] as const) {
    test(
      `understand each other at ${name}`,
      async () => {
        const cluster = await start()
        try {
          await using neighbours = await startNeighbours(cluster)
          await springSends(neighbours)
          await nestPublishes(neighbours)
          await bothAsk(neighbours)
          await nestTransacts(neighbours)
        } finally {
          await cluster.stop()
        }
      },
      2 * TEST_TIMEOUT_MS,
    )
  }
})

/** What RocketMQTemplate converts and sends reaches handlers, with tags, keys and headers. */
async function springSends({ spring, seen }: Neighbours): Promise<void> {
  spring.tell('send')
  const { messageId, status } = await spring.until(({ event }) => event === 'sent')
  await eventually('both came', TEST_TIMEOUT_MS, async () => (seen.length < 2 ? undefined : true))
  expect(status).toBe('SEND_OK')
  expect(seen).toContainEqual({ id: 'converted', amount: 1 })
  const rich = { id: 'synchronous', amount: 2, keys: ['key-1', 'key-2'], tenant: 'acme', messageId }
  expect(seen).toContainEqual(rich)
}

/** What `publish` sends reaches listeners as an object, and as a message, again after a throw. */
async function nestPublishes({ spring, client }: Neighbours): Promise<void> {
  const record = new RocketMQRecordBuilder({ id: 'o-1', amount: 5 })
    .setKeys('k-1', 'k-2')
    .setProperty('tenant', 'acme')
    .build()
  await client.publish('spring_topic:created', record)
  await client.publish('spring_topic:flaky', { id: 'o-2', amount: 6 })
  expect(await spring.until(({ event }) => event === 'object')).toMatchObject({ id: 'o-1', amount: 5 })
  const message = await spring.until(({ event, tags }) => event === 'message' && tags === 'created')
  expect(message).toMatchObject({ keys: 'k-1 k-2', tenant: 'acme', attempt: 1 })
  expect(JSON.parse(String(message['body']))).toEqual({ id: 'o-1', amount: 5 })
  await spring.until(({ tags, attempt }) => tags === 'flaky' && attempt === 2, TEST_TIMEOUT_MS)
  expect(spring.of('object')).toHaveLength(1)
}

/** `sendAndReceive` is answered by a handler, and `request` by a RocketMQReplyListener. */
async function bothAsk({ spring, client }: Neighbours): Promise<void> {
  spring.tell('ask')
  expect(await spring.until(({ event }) => event === 'answer')).toMatchObject({ id: 'asked', price: 42 })
  const answer = await client.request('spring_quote:ask', { id: 'r-1', amount: 4 })
  expect(answer).toEqual({ id: 'r-1', price: 8 })
}

/** A broker shows what was committed, and asks about what it heard nothing of. */
async function nestTransacts({ client, seen, asked }: Neighbours): Promise<void> {
  const order = (id: string) => new RocketMQRecordBuilder({ id, amount: 7 }).setKeys(id).build()
  const { value, receipt } = await client.transaction('nest_topic:plain', order('t-1'), async () => 'done')
  expect(value).toBe('done')
  expect(receipt).toMatchObject({ localTransactionState: 'COMMIT_MESSAGE', confirmed: true })
  const refused = new RollbackMessageException('no stock')
  const rolledBack = client.transaction('nest_topic:plain', order('t-2'), () => Promise.reject(refused))
  await expect(rolledBack).rejects.toBe(refused)
  const inDoubt = client.transaction('nest_topic:plain', order('t-3'), () =>
    Promise.reject(new Error('lost')),
  )
  await expect(inDoubt).rejects.toThrow('lost')
  await eventually('the broker asked, and shows it', TEST_TIMEOUT_MS, async () => {
    return seen.some((one) => 'id' in one && one.id === 't-3') ? true : undefined
  })
  expect(asked).toContain('t-3')
  const transacted = seen.filter((one) => 'id' in one && String(one.id).startsWith('t-'))
  expect(transacted).toEqual([
    { id: 't-1', amount: 7 },
    { id: 't-3', amount: 7 },
  ])
}
