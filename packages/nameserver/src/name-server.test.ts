import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createNodeEnv } from '@rockhopper/env'
import {
  createRemotingClient,
  type DataVersion,
  KVTable,
  RegisterBrokerBody,
  type RemotingClient,
  type RequestHeader,
  TopicList,
  TopicRouteData,
} from '@rockhopper/remoting'
import type { NameServerConfig } from './config.js'
import { createNameServer, type NameServer } from './name-server.js'

const env = createNodeEnv({ log: { info() {}, warn() {}, error() {} } })
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(
  config: Partial<NameServerConfig> = {},
): Promise<{ server: NameServer; client: RemotingClient }> {
  const server = createNameServer({ env, config: { listenPort: 0, ...config } })
  await server.start()
  closing.push(() => server.stop())
  return { server, client: connect() }
}

function connect(version?: number): RemotingClient {
  const { clock, log, net, random } = env
  const client = createRemotingClient({
    net,
    clock,
    random,
    log,
    ...(version === undefined ? {} : { version }),
  })
  closing.push(() => client.close())
  return client
}

const dataVersion: DataVersion = { counter: 3, stateVersion: 0, timestamp: 7 }

function body(topics: string[]): Buffer {
  const config = {
    attributes: new Map(),
    order: false,
    perm: 6,
    topicFilterType: 'SINGLE_TAG' as const,
    topicSysFlag: 0,
  }
  const table = topics.map(
    (topicName) => [topicName, { ...config, topicName, readQueueNums: 4, writeQueueNums: 4 }] as const,
  )
  const topicConfigSerializeWrapper = { dataVersion, topicConfigTable: new Map(table) }
  return RegisterBrokerBody.encode({ filterServerList: [], topicConfigSerializeWrapper })
}

const header: RequestHeader<'REGISTER_BROKER'> = {
  brokerName: 'broker-a',
  brokerAddr: '127.0.0.1:10911',
  clusterName: 'c',
  haServerAddr: '127.0.0.1:10912',
  brokerId: 0,
}

/** remoting.md section 16.3, before it is deflated. */
function compressible(topics: string[]): Buffer {
  const sized = (text: string) => {
    const bytes = Buffer.from(text)
    const size = Buffer.alloc(4)
    size.writeInt32BE(bytes.length)
    return Buffer.concat([size, bytes])
  }
  const count = Buffer.alloc(4)
  count.writeInt32BE(topics.length)
  const rows = topics.map((topic) => sized(`${topic} 4 4 6 SINGLE_TAG {}`))
  return Buffer.concat([sized(JSON.stringify(dataVersion)), count, ...rows, sized('[]'), Buffer.alloc(4)])
}

describe('name server', () => {
  test('routes what a broker registered, in the JSON the client reads', async () => {
    const { client, server } = await start()
    await client.invoke(server.address, 'REGISTER_BROKER', header, body(['T', 'U']))
    const route = (
      await client.invoke(server.address, 'GET_ROUTEINFO_BY_TOPIC', { topic: 'T' })
    ).body?.toString()
    const golden = (keys: string) =>
      `{"brokerDatas":[{"brokerAddrs":{${keys}:"127.0.0.1:10911"},"brokerName":"broker-a","cluster":"c",` +
      '"enableActingMaster":false}],"filterServerTable":{},"queueDatas":[{"brokerName":"broker-a","perm":6,' +
      '"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}'
    expect(route).toBe(golden('"0"'))
    const old = connect(317)
    const legacy = await old.invoke(server.address, 'GET_ROUTEINFO_BY_TOPIC', { topic: 'T' })
    expect(legacy.body?.toString()).toBe(golden('0'))
    const asked = { topic: 'T', acceptStandardJsonOnly: true }
    const standard = await old.invoke(server.address, 'GET_ROUTEINFO_BY_TOPIC', asked)
    expect(standard.body?.toString()).toBe(golden('"0"'))
  })

  test('answers 17 with the topic for one it does not know', async () => {
    const { client, server } = await start()
    const reply = await client.invoke(server.address, 'GET_ROUTEINFO_BY_TOPIC', { topic: 'Missing' })
    expect(reply.code).toBe(17)
    expect(reply.remark).toContain('No topic route info in name server for the topic: Missing')
  })

  test('reads compressed registrations, and refuses broken ones', async () => {
    const { client, server } = await start()
    const compressed = { ...header, compressed: true }
    const bytes = await env.compute.compress('ZLIB', compressible(['T', 'U']), 9)
    expect((await client.invoke(server.address, 'REGISTER_BROKER', compressed, bytes)).code).toBe(0)
    const list = await client.invoke(server.address, 'GET_ALL_TOPIC_LIST_FROM_NAMESERVER', {})
    expect(TopicList.decode(list.body).topicList).toEqual(['T', 'U'])
    for (const broken of [bytes.subarray(0, 20), body(['T', 'U']), Buffer.alloc(0)]) {
      const reply = await client.invoke(server.address, 'REGISTER_BROKER', compressed, broken)
      expect(reply.code).toBe(1)
    }
  })

  test('compares the checksum of the body when there is one', async () => {
    const { client, server } = await start()
    const bytes = body(['T', 'U'])
    const bodyCrc32 = env.compute.crc32(bytes) & 0x7fff_ffff
    const wrong = { ...header, bodyCrc32: bodyCrc32 ^ 1 }
    const refused = await client.invoke(server.address, 'REGISTER_BROKER', wrong, bytes)
    expect(refused).toMatchObject({ code: 1, remark: 'crc32 not match' })
    const right = await client.invoke(server.address, 'REGISTER_BROKER', { ...header, bodyCrc32 }, bytes)
    expect(right.code).toBe(0)
  })

  test('forgets a broker whose connection closes', async () => {
    const { client, server } = await start()
    const broker = connect()
    await broker.invoke(server.address, 'REGISTER_BROKER', header, body(['T', 'U']))
    expect((await client.invoke(server.address, 'GET_ROUTEINFO_BY_TOPIC', { topic: 'T' })).code).toBe(0)
    await broker.close()
    for (let left = 1_000; ; left--) {
      const { code } = await client.invoke(server.address, 'GET_ROUTEINFO_BY_TOPIC', { topic: 'T' })
      if (code === 17) break
      expect(left).toBeGreaterThan(0)
    }
  })

  test('tells a broker whether its version is known', async () => {
    const { client, server } = await start()
    const { brokerAddr, brokerId, brokerName, clusterName } = header
    const who = { brokerAddr, brokerId, brokerName, clusterName }
    const ask = async (version: DataVersion) => {
      const bytes = Buffer.from(JSON.stringify(version))
      return (await client.invoke(server.address, 'QUERY_DATA_VERSION', who, bytes)).header.changed
    }
    expect(await ask(dataVersion)).toBe(true)
    await client.invoke(server.address, 'REGISTER_BROKER', header, body(['T', 'U']))
    expect(await ask(dataVersion)).toBe(false)
    expect(await ask({ ...dataVersion, counter: 4 })).toBe(true)
    await client.invoke(server.address, 'UNREGISTER_BROKER', who)
    expect(await ask(dataVersion)).toBe(true)
  })

  test('takes queues of an operator for brokers it knows', async () => {
    const { client, server } = await start()
    await client.invoke(server.address, 'REGISTER_BROKER', header, body(['T', 'U']))
    const queueDatas = ['broker-a', 'unknown'].map((brokerName) => {
      return { brokerName, perm: 6, readQueueNums: 2, topicSysFlag: 0, writeQueueNums: 2 }
    })
    const declared = TopicRouteData.encode({ brokerDatas: [], filterServerTable: new Map(), queueDatas })
    await client.invoke(server.address, 'REGISTER_TOPIC_IN_NAMESRV', { topic: 'V' }, declared)
    const route = await client.invoke(server.address, 'GET_ROUTEINFO_BY_TOPIC', { topic: 'V' })
    expect(TopicRouteData.decode(route.body).queueDatas.map(({ brokerName }) => brokerName)).toEqual([
      'broker-a',
    ])
  })

  test('keeps the KV configuration in its file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rockhopper-nameserver-'))
    closing.push(async () => rmSync(directory, { recursive: true, force: true }))
    const kvConfigPath = join(directory, 'kvConfig.json')
    const first = await start({ kvConfigPath })
    const entry = { namespace: 'ORDER_TOPIC_CONFIG', key: 'T' }
    await first.client.invoke(first.server.address, 'PUT_KV_CONFIG', { ...entry, value: 'broker-a:4' })
    await first.client.invoke(first.server.address, 'PUT_KV_CONFIG', { ...entry, key: 'U', value: 'x' })
    await first.client.invoke(first.server.address, 'DELETE_KV_CONFIG', { ...entry, key: 'U' })
    await first.client.close()
    await first.server.stop()

    const { client, server } = await start({ kvConfigPath, orderMessageEnable: true })
    expect((await client.invoke(server.address, 'GET_KV_CONFIG', entry)).header).toEqual({
      value: 'broker-a:4',
    })
    expect((await client.invoke(server.address, 'GET_KV_CONFIG', { ...entry, key: 'U' })).code).toBe(22)
    const { namespace } = entry
    const list = await client.invoke(server.address, 'GET_KVLIST_BY_NAMESPACE', { namespace })
    expect([...KVTable.decode(list.body).table]).toEqual([['T', 'broker-a:4']])
    // Brokers are told at registration, clients with the route.
    const registered = await client.invoke(server.address, 'REGISTER_BROKER', header, body(['T', 'U']))
    expect([...KVTable.decode(registered.body).table]).toEqual([['T', 'broker-a:4']])
    const route = await client.invoke(server.address, 'GET_ROUTEINFO_BY_TOPIC', { topic: 'T' })
    expect(TopicRouteData.decode(route.body).orderTopicConf).toBe('broker-a:4')
  })
})
