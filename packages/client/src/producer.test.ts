import { afterEach, describe, expect, test } from '@jest/globals'
import { ok } from '@rockhopper/remoting'
import { Producer } from './producer.js'
import { env, nameServerOf, type Routes, serverOf } from './scripted-servers.fixture.js'

describe('producer', () => {
  const ends: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  /** A producer of topic T with four queues at one broker; `queueIds` has the queue of each message. */
  async function producerOf() {
    const queueIds: number[] = []
    const broker = await serverOf({
      HEART_BEAT: () => ok(),
      UNREGISTER_CLIENT: () => ok(),
      SEND_MESSAGE_V2: ({ queueId }) => {
        queueIds.push(queueId)
        return ok({ msgId: 'id', queueId, queueOffset: 0 })
      },
    })
    ends.push(() => broker.stop())
    const routes: Routes = new Map([['T', [{ name: 'a', address: broker.address, queues: 4 }]]])
    const nameServer = await nameServerOf(routes)
    ends.push(() => nameServer.stop())
    return { ...(await started(nameServer.address)), queueIds }
  }

  async function started(namesrvAddr: string) {
    const producer = new Producer({ env, namesrvAddr, producerGroup: 'g' })
    ends.push(() => producer.shutdown({ timeoutMs: 0 }))
    await producer.start()
    return { producer }
  }

  test('a request that cannot be sent says why', async () => {
    const { producer } = await producerOf()
    const asked = producer.request({ topic: 'unknown', body: 'x' })
    await expect(asked).rejects.toMatchObject({ code: 'ROUTE_NOT_FOUND' })
  })

  test('the queue of a sharding key is chosen for the message as it was at the call', async () => {
    const { producer, queueIds } = await producerOf()
    const reused = { topic: 'T', body: 'x', shardingKey: 'order-1' }
    const sends = []
    for (const shardingKey of ['order-1', 'order-2', 'order-3', 'order-4']) {
      reused.shardingKey = shardingKey
      sends.push(producer.send(reused))
    }
    await Promise.all(sends)
    expect(new Set(queueIds).size).toBe(4)
  })

  // R25
  test('a name server that never answers costs no more than the timeout', async () => {
    const silent = await serverOf({ GET_ROUTEINFO_BY_TOPIC: () => new Promise<never>(() => {}) })
    ends.push(() => silent.stop())
    const { producer } = await started(silent.address)
    const startedAt = performance.now()
    await expect(producer.send({ topic: 'T', body: 'x' }, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'REQUEST_TIMEOUT',
    })
    expect(performance.now() - startedAt).toBeLessThan(1_500)
  })

  test('a send that is aborted while the route is asked for ends at once', async () => {
    const silent = await serverOf({ GET_ROUTEINFO_BY_TOPIC: () => new Promise<never>(() => {}) })
    ends.push(() => silent.stop())
    const { producer } = await started(silent.address)
    const abort = new AbortController()
    const sent = producer.send({ topic: 'T', body: 'x' }, { signal: abort.signal })
    abort.abort()
    await expect(sent).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
  })
})
