import { afterEach, describe, expect, test } from '@jest/globals'
import { ok, type Processors, refuse } from '@rockhopper/remoting'
import { Producer } from '../producer.js'
import type { ProducerOptions } from '../producer-options.js'
import { env, nameServerOf, type Routes, serverOf } from '../scripted-servers.fixture.js'

const STORED = { msgId: 'offset-id', queueId: 0, queueOffset: 7 }

describe('producer', () => {
  const ends: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  /** A producer of topic T on brokers that answer as given; `log` has the broker of each attempt. */
  async function producerOf(
    brokers: Readonly<Record<string, Processors['SEND_MESSAGE_V2']>>,
    options: Partial<ProducerOptions> = {},
  ) {
    const log: { readonly broker: string; readonly body: string; readonly properties: string }[] = []
    const rows = []
    for (const [name, answer] of Object.entries(brokers)) {
      const server = await serverOf({
        HEART_BEAT: () => ok(),
        UNREGISTER_CLIENT: () => ok(),
        SEND_MESSAGE_V2: (header, request) => {
          log.push({ broker: name, body: String(request.body), properties: header.properties ?? '' })
          return (answer as NonNullable<typeof answer>)(header, request)
        },
      })
      ends.push(() => server.stop())
      rows.push({ name, address: server.address, queues: 1 })
    }
    const routes: Routes = new Map([['T', rows]])
    const nameServer = await nameServerOf(routes)
    ends.push(() => nameServer.stop())
    const producer = new Producer({ env, namesrvAddr: nameServer.address, producerGroup: 'g', ...options })
    ends.push(() => producer.shutdown({ timeoutMs: 0 }))
    await producer.start()
    return { producer, log }
  }

  const stored: Processors['SEND_MESSAGE_V2'] = () => ok(STORED)
  const silent: Processors['SEND_MESSAGE_V2'] = () => new Promise<never>(() => {})

  test.each([14, 17, 2])('code %i from one broker sends the message to the other', async (code) => {
    const { producer, log } = await producerOf({ a: () => refuse(code, 'not here'), b: stored })
    for (let send = 0; send < 3; send++) {
      expect(await producer.send({ topic: 'T', body: 'x' })).toMatchObject({
        queue: { brokerName: 'b' },
        queueOffset: 7,
      })
    }
    expect(log.filter((row) => row.broker === 'b').length).toBe(3)
  })

  test('with sendLatencyFaultEnable a broker that refused is asked once, then left alone', async () => {
    const { producer, log } = await producerOf(
      { a: () => refuse(14, 'not here'), b: stored },
      { sendLatencyFaultEnable: true },
    )
    for (let send = 0; send < 10; send++) await producer.send({ topic: 'T', body: 'x' })
    expect(log.filter((row) => row.broker === 'a').length).toBeLessThanOrEqual(1)
    expect(log.filter((row) => row.broker === 'b')).toHaveLength(10)
  })

  test('an answer that another broker would give too is final', async () => {
    const { producer, log } = await producerOf({
      a: () => refuse(13, 'too big'),
      b: () => refuse(13, 'too big'),
    })
    const sent = producer.send({ topic: 'T', body: 'x' })
    await expect(sent).rejects.toMatchObject({ code: 'RESPONSE_REFUSED', responseCode: 13 })
    expect(log.length).toBe(1)
  })

  test('attempts end after the retries, with the last answer and the same message id in each', async () => {
    const { producer, log } = await producerOf({ a: () => refuse(14, 'full'), b: () => refuse(14, 'full') })
    const sent = producer.send({ topic: 'T', body: 'x' })
    await expect(sent).rejects.toMatchObject({ code: 'SEND_FAILED', responseCode: 14 })
    await expect(sent).rejects.toThrow('full')
    expect(log.map((row) => row.broker).sort()).toEqual(expect.arrayContaining(['a', 'b']))
    expect(log.length).toBe(3)
    expect(new Set(log.map((row) => row.properties)).size).toBe(1)
  })

  test('FLUSH_DISK_TIMEOUT means stored; another broker is asked only where wanted', async () => {
    const degraded: Processors['SEND_MESSAGE_V2'] = () => refuse(10, 'slow disk', STORED)
    const plain = await producerOf({ a: degraded })
    expect((await plain.producer.send({ topic: 'T', body: 'x' })).status).toBe('FLUSH_DISK_TIMEOUT')
    expect(plain.log.length).toBe(1)
    const eager = await producerOf({ a: degraded, b: stored }, { retryAnotherBrokerWhenNotStoreOk: true })
    expect((await eager.producer.send({ topic: 'T', body: 'x' })).status).toBe('SEND_OK')
  })

  test('a broker that never answers costs no more than the timeout', async () => {
    const { producer } = await producerOf({ a: silent })
    const startedAt = env.clock.monotonic()
    await expect(producer.send({ topic: 'T', body: 'x' }, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'SEND_FAILED',
    })
    expect(env.clock.monotonic() - startedAt).toBeLessThan(1_500)
  })

  test('an aborted send ends at once', async () => {
    const aborting = new AbortController()
    const { producer } = await producerOf({
      a: () => {
        aborting.abort()
        return new Promise<never>(() => {})
      },
    })
    const sent = producer.send({ topic: 'T', body: 'x' }, { timeoutMs: 20_000, signal: aborting.signal })
    await expect(sent).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
  })

  // R31
  test('the bytes sent are those at the time of the call, on every attempt', async () => {
    let refusals = 0
    const { producer, log } = await producerOf({
      a: (...given) =>
        refusals++ === 0 ? refuse(14, 'once') : (stored as NonNullable<typeof stored>)(...given),
    })
    const body = Buffer.from('before')
    const sent = producer.send({ topic: 'T', body })
    body.write('behind')
    await sent
    expect(log.map((row) => row.body)).toEqual(['before', 'before'])
  })

  // R26
  test('more sends at once than allowed are refused, not queued', async () => {
    const { producer } = await producerOf({ a: silent }, { sendsInFlightMax: 2 })
    const waiting = [1, 2].map(() => producer.send({ topic: 'T', body: 'x' }, { timeoutMs: 300 }))
    await expect(producer.send({ topic: 'T', body: 'x' })).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
    })
    await Promise.allSettled(waiting)
  })
})
