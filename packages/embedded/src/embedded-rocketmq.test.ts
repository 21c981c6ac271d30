import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Producer } from '@rockhopper/client'
import { createClientApi } from '@rockhopper/client/api'
import { createNodeEnv } from '@rockhopper/env'
import { ResponseCode, TopicRouteData } from '@rockhopper/remoting'
import { EmbeddedRocketMQ } from './embedded-rocketmq.js'

const running: EmbeddedRocketMQ[] = []
const directories: string[] = []

afterEach(async () => {
  for (const mq of running.splice(0)) await mq.stop()
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
})

async function start(options?: Parameters<typeof EmbeddedRocketMQ.start>[0]): Promise<EmbeddedRocketMQ> {
  const mq = await EmbeddedRocketMQ.start(options)
  running.push(mq)
  return mq
}

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'rockhopper-embedded-test-'))
  directories.push(path)
  return path
}

/** Queues of a topic by broker name, as the name server tells clients now. */
async function routeOf(nameserver: string, topic: string): Promise<Record<string, number>> {
  const api = createClientApi({ env: createNodeEnv() })
  try {
    const answer = await api.commands.GET_ROUTEINFO_BY_TOPIC(nameserver, {
      topic,
      acceptStandardJsonOnly: true,
    })
    if (answer.code !== ResponseCode.SUCCESS || answer.body === undefined) return {}
    const { queueDatas } = TopicRouteData.decode(answer.body)
    return Object.fromEntries(queueDatas.map((row) => [row.brokerName, row.writeQueueNums]))
  } finally {
    await api.close()
  }
}

async function send(namesrvAddr: string, topic: string, body: string) {
  const producer = new Producer({ namesrvAddr, producerGroup: 'embedded-test' })
  await producer.start()
  try {
    return await producer.send({ topic, body })
  } finally {
    await producer.shutdown()
  }
}

describe('a started EmbeddedRocketMQ', () => {
  test('has a route for every declared topic and takes a message at once', async () => {
    const mq = await start({ topics: ['orders', { topic: 'payments', queues: 2 }], groups: ['shop'] })
    expect(await routeOf(mq.nameserverAddress, 'orders')).toEqual({ 'broker-a': 4 })
    expect(await routeOf(mq.nameserverAddress, 'payments')).toEqual({ 'broker-a': 2 })
    expect(await send(mq.nameserverAddress, 'orders', 'hello')).toMatchObject({ status: 'SEND_OK' })
  })

  test('with several brokers has every declared topic on each, and goes on without one of them', async () => {
    const mq = await start({ brokers: 2, topics: ['orders'] })
    expect(await routeOf(mq.nameserverAddress, 'orders')).toEqual({ 'broker-a': 4, 'broker-b': 4 })
    await mq.brokers[0]?.stop()
    expect(await routeOf(mq.nameserverAddress, 'orders')).toEqual({ 'broker-b': 4 })
    expect(await send(mq.nameserverAddress, 'orders', 'x')).toMatchObject({
      queue: { brokerName: 'broker-b' },
    })
  })

  test('shares nothing with another one in the same process', async () => {
    const [one, two] = await Promise.all([start({ topics: ['one'] }), start({ topics: ['two'] })])
    expect(await routeOf(one.nameserverAddress, 'two')).toEqual({})
    expect(await routeOf(two.nameserverAddress, 'two')).toEqual({ 'broker-a': 4 })
    await one.stop()
    expect(await send(two.nameserverAddress, 'two', 'x')).toMatchObject({ status: 'SEND_OK' })
  })

  test('takes keys of broker.conf', async () => {
    const mq = await start({ config: { brokerName: 'mine', autoCreateTopicEnable: false } })
    expect(mq.brokers.map(({ name }) => name)).toEqual(['mine'])
    await expect(send(mq.nameserverAddress, 'unknown', 'x')).rejects.toMatchObject({
      code: 'ROUTE_NOT_FOUND',
    })
  })
})

describe('stopping', () => {
  test('removes the temporary directory, closes the ports, and may be asked for twice', async () => {
    const mq = await start()
    const storeDir = mq.brokers[0]?.storeDir as string
    expect(existsSync(storeDir)).toBe(true)
    await Promise.all([mq.stop(), mq.stop()])
    expect(existsSync(storeDir)).toBe(false)
    await expect(routeOf(mq.nameserverAddress, 'x')).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
  })

  test('comes with the end of an `await using` block', async () => {
    let storeDir = ''
    {
      await using mq = await EmbeddedRocketMQ.start()
      storeDir = mq.brokers[0]?.storeDir as string
      expect(existsSync(storeDir)).toBe(true)
    }
    expect(existsSync(storeDir)).toBe(false)
  })

  test('keeps a directory that was given, and the next start finds topics and messages in it', async () => {
    const storeDir = directory()
    const first = await start({ storeDir, topics: ['orders'] })
    const { queue, queueOffset } = await send(first.nameserverAddress, 'orders', 'kept')
    await first.stop()

    const again = await start({ storeDir })
    expect(await routeOf(again.nameserverAddress, 'orders')).toEqual({ 'broker-a': 4 })
    const api = createClientApi({ env: createNodeEnv() })
    const { queueId } = queue
    const answer = await api.commands.GET_MAX_OFFSET(again.brokerAddress, { topic: 'orders', queueId })
    await api.close()
    expect(answer.header.offset).toBe(queueOffset + 1)
  })
})

describe('a start that fails', () => {
  const temporary = () =>
    readdirSync(tmpdir()).filter((name) => name.startsWith(`rockhopper-${process.pid}-`))

  test('at a busy port says which and what to do, and leaves nothing behind', async () => {
    const before = temporary()
    const blocker = await listening()
    const { port } = blocker.address() as { port: number }
    const starting = EmbeddedRocketMQ.start({ brokerPort: port })
    await expect(starting).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(`${port}`),
    })
    expect(temporary()).toEqual(before)
    blocker.close()
  })

  test('at a directory in use says so, and the owner goes on', async () => {
    const storeDir = directory()
    const owner = await start({ storeDir, topics: ['orders'] })
    await expect(EmbeddedRocketMQ.start({ storeDir })).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    expect(await send(owner.nameserverAddress, 'orders', 'x')).toMatchObject({ status: 'SEND_OK' })
  })

  test.each([
    [{ brokers: 0 }, 'ARGUMENT_ILLEGAL'],
    [{ brokers: 27 }, 'ARGUMENT_ILLEGAL'],
    [{ topics: ['a b'] }, 'TOPIC_ILLEGAL'],
    [{ groups: ['a b'] }, 'GROUP_ILLEGAL'],
    [{ topics: [{ topic: 'a', queues: 0 }] }, 'ARGUMENT_ILLEGAL'],
    [{ config: { brokerRole: 'X' as 'SLAVE' } }, 'CONFIG_VALUE_ILLEGAL'],
  ])('with %j is refused with %s', async (options, code) => {
    await expect(EmbeddedRocketMQ.start(options)).rejects.toMatchObject({ code })
  })
})

function listening(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}
