import { afterEach, expect, test } from '@jest/globals'
import {
  ConsumerIdList,
  createRemotingServer,
  ok,
  type Processors,
  ResponseCode,
  refuse,
} from '@rockhopper/remoting'
import { PushConsumer } from '../push-consumer.js'
import { env, nameServerOf } from '../scripted-servers.fixture.js'
import { SILENT } from '../virtual-clock.fixture.js'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A flag that a test can wait for. */
function signal() {
  let set = () => {}
  const isSet = new Promise<void>((resolve) => {
    set = resolve
  })
  return { set: () => set(), isSet }
}

test('a broker that comes back hears who is here before it is pulled from', async () => {
  const clientId = 'ip@here'
  const failedTwice = signal()
  let failures = 0
  const warn = (event: string) => {
    if (event === 'client.pull.failed' && ++failures > 2) failedTwice.set()
  }
  const start = async (port: number) => {
    const asked: string[] = []
    const pulled = signal()
    const none = { nextBeginOffset: 0, minOffset: 0, maxOffset: 0, suggestWhichBrokerId: 0 }
    const noting = (processors: Processors): Processors =>
      Object.fromEntries(
        Object.entries(processors).map(([name, run]) => {
          const noted = (header: never, request: never) => {
            asked.push(name)
            return (run as (header: never, request: never) => unknown)(header, request)
          }
          return [name, noted]
        }),
      )
    const server = createRemotingServer({
      net: env.net,
      clock: env.clock,
      log: SILENT,
      host: '127.0.0.1',
      port,
      processors: noting({
        HEART_BEAT: () => ok(),
        UNREGISTER_CLIENT: () => ok(),
        GET_CONSUMER_LIST_BY_GROUP: () => ok({}, ConsumerIdList.encode({ consumerIdList: [clientId] })),
        QUERY_CONSUMER_OFFSET: () => ok({ offset: 0 }),
        UPDATE_CONSUMER_OFFSET: () => ok(),
        PULL_MESSAGE: () => {
          pulled.set()
          return refuse(ResponseCode.PULL_NOT_FOUND, 'nothing', none)
        },
      }),
    })
    const at = await server.start()
    ends.push(() => server.stop())
    return { ...at, asked, pulled, stop: () => server.stop() }
  }
  const first = await start(0)
  const address = `${first.host}:${first.port}`
  const nameServer = await nameServerOf(new Map([['T', [{ name: 'a', address, queues: 1 }]]]))
  ends.push(() => nameServer.stop())
  const consumer = new PushConsumer({
    env: { ...env, log: { ...SILENT, warn } },
    namesrvAddr: nameServer.address,
    consumerGroup: 'g',
    clientIp: 'ip',
    instanceName: 'here',
    pullTimeDelayMsWhenException: 10,
  })
  ends.push(() => consumer.shutdown({ timeoutMs: 0 }))
  consumer.subscribe('T')
  await consumer.start(() => {})
  await first.pulled.isSet
  await first.stop()
  await failedTwice.isSet
  const second = await start(first.port)
  await second.pulled.isSet
  expect(second.asked[0]).toBe('HEART_BEAT')
})
