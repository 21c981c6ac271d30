import { afterEach, describe, expect, test } from '@jest/globals'
import { createNodeEnv, type Env } from '@rockhopper/env'
import {
  createRemotingClient,
  createRemotingServer,
  DataVersion,
  ok,
  RegisterBrokerBody,
  type RemotingServer,
  refuse,
} from '@rockhopper/remoting'
import { Registration } from './registration.js'
import { SteppingClock } from './stepping-clock.fixture.js'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const realEnv = createNodeEnv({ log: { info() {}, warn() {}, error() {} } })
const clock = new SteppingClock(realEnv.clock)
const env: Env = { ...realEnv, clock }

/** A name server that takes registrations, or refuses while `refusing`. */
async function nameServer(port = 0) {
  const seen: string[] = []
  const state = { refusing: false, known: -1 }
  const server: RemotingServer = createRemotingServer({
    net: env.net,
    clock,
    log: env.log,
    host: '127.0.0.1',
    port,
    processors: {
      REGISTER_BROKER: ({ brokerName }, { body }) => {
        const { topicConfigSerializeWrapper } = RegisterBrokerBody.decode(body)
        const { topicConfigTable } = topicConfigSerializeWrapper
        seen.push(`register ${brokerName} ${[...topicConfigTable.keys()].join()}`)
        if (state.refusing) return refuse(1, 'not now')
        state.known = topicConfigSerializeWrapper.dataVersion.counter
        return ok({})
      },
      QUERY_DATA_VERSION: (_, { body }) => ok({ changed: DataVersion.decode(body).counter !== state.known }),
      UNREGISTER_BROKER: ({ brokerName }) => {
        seen.push(`unregister ${brokerName}`)
        return ok()
      },
    },
  })
  const bound = await server.start()
  closing.push(() => clock.during(server.stop(100)))
  return { address: `127.0.0.1:${bound.port}`, port: bound.port, seen, server, state }
}

const versionOf = (topics: readonly string[]): DataVersion => ({
  counter: topics.length,
  stateVersion: 0,
  timestamp: 0,
})

function registration(addresses: string[], topics: () => string[] = () => ['T']) {
  const client = createRemotingClient({ net: env.net, clock, random: env.random, log: env.log })
  closing.push(() => clock.during(client.close()))
  const config = { attributes: new Map(), order: false, perm: 6, topicFilterType: 'SINGLE_TAG' as const }
  // The version is the number of topics: each change brings one, and is told of by its place.
  const table = (since = 0) =>
    topics()
      .slice(since)
      .map(
        (topicName) =>
          [
            topicName,
            { ...config, topicName, readQueueNums: 1, writeQueueNums: 1, topicSysFlag: 0 },
          ] as const,
      )
  const header = { brokerName: 'b', brokerAddr: '127.0.0.1:1', clusterName: 'c', haServerAddr: '127.0.0.1:2' }
  return new Registration({
    clock,
    log: env.log,
    client,
    addresses,
    periodMs: 30_000,
    timeoutMs: 24_000,
    payload: (since) => ({
      header: { ...header, brokerId: 0, bodyCrc32: 0, compressed: false, enableActingMaster: false },
      body: RegisterBrokerBody.encode({
        filterServerList: [],
        topicConfigSerializeWrapper: {
          dataVersion: versionOf(topics()),
          topicConfigTable: new Map(table(since?.counter)),
        },
      }),
      dataVersion: versionOf(topics()),
    }),
  })
}

async function until(condition: () => boolean): Promise<void> {
  for (let left = 10_000; !condition(); left--) {
    if (left === 0) throw new Error('never')
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

describe('registration', () => {
  test('tells of what changed since the name server took it, and of all where it forgot', async () => {
    const server = await nameServer()
    const topics = ['T']
    const registered = registration([server.address], () => topics)
    closing.push(() => clock.during(registered.stop()))
    const seenAfter = async (change: () => Promise<void>): Promise<string[]> => {
      server.seen.length = 0
      await clock.during(change())
      return [...server.seen]
    }
    expect(await seenAfter(() => registered.registerChanges())).toEqual(['register b T'])
    topics.push('U')
    expect(await seenAfter(() => registered.registerChanges())).toEqual(['register b U'])
    topics.push('V')
    expect(await seenAfter(() => registered.register())).toEqual(['register b T,U,V'])
    topics.push('W')
    server.state.known = 1
    expect(await seenAfter(() => registered.registerChanges())).toEqual(['register b T,U,V,W'])
    topics.push('X')
    server.state.refusing = true
    expect(await seenAfter(() => registered.registerChanges())).toEqual(['register b X'])
    server.state.refusing = false
    expect(await seenAfter(() => registered.registerChanges())).toEqual(['register b X'])
  })

  test('goes to every name server, again each period, and is taken back at the end', async () => {
    const [a, b] = [await nameServer(), await nameServer()]
    const registered = registration([a.address, b.address])
    await registered.register()
    expect([a.seen, b.seen]).toEqual([['register b T'], ['register b T']])
    await clock.advance(30_000)
    await until(() => a.seen.length === 2 && b.seen.length === 2)
    await registered.stop()
    expect(a.seen.at(-1)).toBe('unregister b')
  })

  test('a change while one is under way is told after it, with the newest table', async () => {
    const a = await nameServer()
    let topics = ['T']
    const registered = registration([a.address], () => topics)
    const first = registered.register()
    topics = ['T', 'U']
    const second = registered.register()
    topics = ['T', 'U', 'V']
    await Promise.all([first, second])
    expect(a.seen.at(-1)).toBe('register b T,U,V')
    expect(a.seen.length).toBeLessThanOrEqual(2)
    await registered.stop()
  })

  test('a refusal or an unreachable name server is tried again soon, and later and later', async () => {
    const a = await nameServer()
    a.state.refusing = true
    const registered = registration([a.address])
    await registered.register()
    await clock.advance(1_000)
    await until(() => a.seen.length === 2)
    await clock.advance(1_999)
    expect(a.seen).toHaveLength(2)
    a.state.refusing = false
    await clock.advance(1)
    await until(() => a.seen.length === 3)
    await clock.advance(29_999)
    expect(a.seen).toHaveLength(3)
    await registered.stop()
    expect(a.seen.at(-1)).toBe('unregister b')
  })

  test('nobody there: it resolves, and nothing is unregistered', async () => {
    const gone = await nameServer()
    await clock.during(gone.server.stop(100))
    const registered = registration([gone.address])
    await registered.register()
    await registered.stop()
    expect(gone.seen).toEqual([])
  })
})
