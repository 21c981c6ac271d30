import { afterEach, expect, test } from '@jest/globals'
import { ok, type Processors } from '@rockhopper/remoting'
import { LitePullConsumer } from './lite-pull-consumer.js'
import { recordOf } from './record.fixture.js'
import { env, nameServerOf, serverOf } from './scripted-servers.fixture.js'

const QUEUE = { topic: 'T', brokerName: 'a', queueId: 0 }
const never = () => new Promise<never>(() => {})

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Its queue has one message, and commits of its group are answered as given. */
async function assigned(commits: NonNullable<Processors['UPDATE_CONSUMER_OFFSET']>) {
  const bounds = { minOffset: 0, maxOffset: 1, suggestWhichBrokerId: 0 }
  const broker = await serverOf({
    HEART_BEAT: () => ok(),
    UNREGISTER_CLIENT: () => ok(),
    QUERY_CONSUMER_OFFSET: () => ok({ offset: 0 }),
    UPDATE_CONSUMER_OFFSET: commits,
    PULL_MESSAGE: ({ queueOffset }) =>
      queueOffset === 0 ? ok({ ...bounds, nextBeginOffset: 1 }, recordOf('x')) : never(),
  })
  ends.push(() => broker.stop())
  const names = await nameServerOf(new Map([['T', [{ name: 'a', address: broker.address, queues: 1 }]]]))
  ends.push(() => names.stop())
  const options = { env, namesrvAddr: names.address, consumerGroup: 'g', requestTimeoutMs: 1_000 }
  const consumer = new LitePullConsumer({ ...options, autoCommit: false })
  ends.push(() => consumer.shutdown({ timeoutMs: 0 }))
  consumer.assign([QUEUE])
  await consumer.start()
  await consumer.ready()
  return consumer
}

test('a commit and a seek that the broker does not answer are given up by their signals', async () => {
  let asked = () => {}
  let patient = true
  const consumer = await assigned(() => {
    asked()
    return patient ? never() : ok()
  })
  expect(await consumer.poll({ timeoutMs: 10_000 })).toHaveLength(1)
  for (const call of ['commit', 'seek'] as const) {
    const abort = new AbortController()
    const given = { signal: abort.signal }
    asked = () => abort.abort()
    const waiting = call === 'commit' ? consumer.commit(given) : consumer.seek(QUEUE, 0, given)
    await expect(waiting).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
  }
  patient = false
})

test('a poll that is given up takes nothing, and the next one gets it', async () => {
  const consumer = await assigned(() => ok())
  const given = consumer.poll({ signal: AbortSignal.abort() })
  await expect(given).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
  expect(await consumer.poll({ timeoutMs: 10_000 })).toHaveLength(1)
})
