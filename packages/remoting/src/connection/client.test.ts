import { describe, expect, test } from '@jest/globals'
import type { MqError } from '@rockhopper/message'
import { ResponseCode } from '../protocol/response-code.js'
import type { Connection } from './connection.js'
import { frameOf, newClient, newWorld, startServer } from './peers.fixture.js'
import { PendingRequests } from './pending-requests.js'
import { ok, type Processors, refuse } from './processor.js'
import { TimerWheel } from './timer-wheel.js'

const HEADER = { topic: 'T', queueId: 1 }

/** How a promise ended, without waiting for it. */
function watch<T>(promise: Promise<T>) {
  const state: { value?: T; error?: MqError; at?: number } = {}
  promise.then(
    (value) => {
      state.value = value
    },
    (error) => {
      state.error = error
    },
  )
  return state
}

async function pair(processors: Processors, handlers: Processors = {}, limits = {}) {
  const world = newWorld()
  const { server, address } = await startServer(world, { processors })
  const client = newClient(world, { handlers, limits })
  return { ...world, server, address, client }
}

describe('invoke', () => {
  test('resolves with the answer, typed, whatever its code', async () => {
    const { clock, client, address } = await pair({
      GET_MAX_OFFSET: ({ queueId }, { body }) =>
        queueId === 1 ? ok({ offset: 42 }, body, 'fine') : refuse(ResponseCode.INVALID_PARAMETER, 'no queue'),
    })
    const good = watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER, Buffer.from('x')))
    const bad = watch(client.invoke(address, 'GET_MAX_OFFSET', { topic: 'T', queueId: 9 }))
    await clock.settle()
    expect(good.value).toMatchObject({ code: 0, remark: 'fine', header: { offset: 42 }, language: 'JAVA' })
    expect(good.value?.body?.toString()).toBe('x')
    expect(bad.value).toMatchObject({ code: 29, remark: 'no queue' })
  })

  // R31
  test('sends the body as it was at the call', async () => {
    let received = ''
    const { clock, client, address } = await pair({
      HEART_BEAT: (_, { body }) => {
        received += body?.toString()
        return ok()
      },
    })
    watch(client.invoke(address, 'HEART_BEAT', {}))
    await clock.settle()
    const body = Buffer.from('before')
    const call = watch(client.invoke(address, 'HEART_BEAT', {}, body))
    body.write('behind')
    await clock.settle()
    expect([received, call.value?.code]).toEqual(['undefinedbefore', 0])
  })

  test('carries extra fields beside the header', async () => {
    const { clock, client, address } = await pair({
      GET_MAX_OFFSET: (_, { extFields }) => ok({ offset: Number(extFields['AccessKey']?.length) }),
    })
    const call = watch(
      client.invoke(address, 'GET_MAX_OFFSET', HEADER, undefined, { extFields: { AccessKey: 'abc' } }),
    )
    await clock.settle()
    expect(call.value?.header.offset).toBe(3)
  })

  test('makes one connection for all calls to an address', async () => {
    const { clock, server, client, address } = await pair({ GET_MAX_OFFSET: () => ok({ offset: 1 }) })
    const calls = Array.from({ length: 50 }, () => watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER)))
    await clock.settle()
    expect(calls.every(({ value }) => value?.code === 0)).toBe(true)
    expect(server.connections.size).toBe(1)
  })

  // R25
  test('rejects at its deadline; the late answer is dropped, the connection lives on', async () => {
    const releases: (() => void)[] = []
    const { clock, client, address, server } = await pair({
      GET_MAX_OFFSET: () => new Promise((resolve) => releases.push(() => resolve(ok({ offset: 1 })))),
    })
    const call = watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER, undefined, { timeoutMs: 500 }))
    await clock.advance(490)
    expect(call.error).toBeUndefined()
    await clock.advance(50)
    expect(call.error).toMatchObject({ code: 'REQUEST_TIMEOUT' })
    releases[0]?.()
    await clock.settle()
    expect(client.counters.responsesDropped).toBe(1)
    const next = watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER))
    await clock.settle()
    releases[1]?.()
    await clock.settle()
    expect(next.value?.code).toBe(0)
    expect(server.connections.size).toBe(1)
  })

  test('can be aborted, before and while it waits', async () => {
    const { clock, client, address } = await pair({ GET_MAX_OFFSET: () => new Promise(() => {}) })
    const abort = new AbortController()
    const calls = [
      watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER, undefined, { signal: abort.signal })),
      watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER, undefined, { signal: AbortSignal.abort('no') })),
    ]
    await clock.settle()
    const waiting = watch(
      client.invoke(address, 'GET_MAX_OFFSET', HEADER, undefined, { signal: abort.signal }),
    )
    await clock.settle()
    abort.abort(new Error('enough'))
    await clock.settle()
    for (const call of [...calls, waiting]) expect(call.error).toMatchObject({ code: 'REQUEST_ABORTED' })
    expect(waiting.error?.cause).toMatchObject({ message: 'enough' })
  })

  // R26
  test('does not send more than the limit of waiting requests', async () => {
    const { clock, client, address } = await pair(
      { GET_MAX_OFFSET: () => new Promise(() => {}) },
      {},
      { pendingMax: 2 },
    )
    const calls = [1, 2, 3].map(() => watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER)))
    await clock.settle()
    expect(calls.map(({ error }) => error?.code)).toEqual([undefined, undefined, 'TOO_MANY_REQUESTS'])
  })

  test('rejects a header that cannot be sent, and an answer that lacks a required field', async () => {
    const { clock, client, address } = await pair({ GET_MAX_OFFSET: () => refuse(0) })
    const unsendable = watch(client.invoke(address, 'GET_MAX_OFFSET', { topic: 'T', queueId: 1.5 }))
    const unreadable = watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER))
    await clock.settle()
    expect(unsendable.error).toMatchObject({ code: 'ARGUMENT_ILLEGAL' })
    expect(unreadable.error).toMatchObject({ code: 'BODY_ILLEGAL' })
  })

  test('one-way wants no answer and gets none', async () => {
    let seen = 0
    const { clock, client, address } = await pair({
      UPDATE_CONSUMER_OFFSET: (_, { oneway }) => {
        if (oneway) seen++
        return ok()
      },
    })
    const header = { consumerGroup: 'g', topic: 'T', queueId: 0, commitOffset: 5 }
    const sent = watch(client.invokeOneway(address, 'UPDATE_CONSUMER_OFFSET', header))
    await clock.settle()
    expect([seen, 'value' in sent, client.counters.framesReceived]).toEqual([1, true, 0])
  })
})

describe('a connection that breaks', () => {
  // R25
  test('rejects all that waits at once, and the next call connects again', async () => {
    const { clock, server, client, address } = await pair({
      GET_MAX_OFFSET: ({ queueId }) => (queueId === 1 ? new Promise(() => {}) : ok({ offset: 1 })),
    })
    const waiting = Array.from({ length: 100 }, () => watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER)))
    await clock.settle()
    const before = clock.monotonic()
    for (const connection of [...server.connections]) connection.close()
    await clock.settle()
    expect(clock.monotonic() - before).toBeLessThan(100)
    for (const { error } of waiting) expect(error).toMatchObject({ code: 'CONNECTION_CLOSED' })
    const next = watch(client.invoke(address, 'GET_MAX_OFFSET', { topic: 'T', queueId: 2 }))
    await clock.settle()
    expect(next.value?.code).toBe(0)
  })

  // R27
  test('cannot be made: calls fail at once during a growing pause, then it is tried again', async () => {
    const world = newWorld()
    const client = newClient(world)
    const tries: number[] = []
    const connect = world.net.connect.bind(world.net)
    world.net.connect = async (options) => {
      tries.push(world.clock.monotonic())
      return connect(options)
    }
    for (let ms = 0; ms < 20_000; ms += 10) {
      const call = watch(client.invoke('127.0.0.1:1', 'GET_MAX_OFFSET', HEADER))
      await world.clock.advance(10)
      expect(call.error).toMatchObject({ code: 'CONNECT_FAILED' })
    }
    const pauses = tries.slice(1).map((at, i) => at - (tries[i] as number))
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  }, 20_000)

  test('is waited for no longer than the call may take', async () => {
    const { clock, net, client, address } = await pair({ GET_MAX_OFFSET: () => ok({ offset: 1 }) })
    net.connectDelayMs = 1_000
    const hasty = watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER, undefined, { timeoutMs: 200 }))
    const patient = watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER, undefined, { timeoutMs: 2_000 }))
    await clock.advance(300)
    expect(hasty.error).toMatchObject({ code: 'REQUEST_TIMEOUT' })
    await clock.advance(800)
    expect(patient.value?.code).toBe(0)
  })

  test.each(['', 'nohost', 'host:', ':1', 'host:99999'])(
    "to '%s' is refused as no address",
    async (address) => {
      const { clock, client } = await pair({})
      const call = watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER))
      await clock.settle()
      expect(call.error).toMatchObject({ code: 'ADDRESS_ILLEGAL' })
    },
  )

  test('is left for a new one after GO_AWAY, and what waits on it is still answered', async () => {
    let release = () => {}
    const { clock, server, client, address } = await pair({
      GET_MAX_OFFSET: () => new Promise((resolve) => (release = () => resolve(ok({ offset: 1 })))),
      GET_MIN_OFFSET: () => refuse(ResponseCode.GO_AWAY),
    })
    const waiting = watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER))
    const refused = watch(client.invoke(address, 'GET_MIN_OFFSET', HEADER))
    await clock.settle()
    expect(refused.value?.code).toBe(1500)
    watch(client.invoke(address, 'GET_MIN_OFFSET', HEADER))
    await clock.settle()
    expect(server.connections.size).toBe(2)
    release()
    await clock.settle()
    expect(waiting.value?.code).toBe(0)
  })
})

describe('what a broker asks', () => {
  test('goes to the handlers; both directions count their own opaques', async () => {
    let connection: Connection | undefined
    const { clock, client, address } = await pair(
      {
        HEART_BEAT: (_, request) => {
          connection = request.connection
          return ok()
        },
      },
      {
        GET_CONSUMER_RUNNING_INFO: async ({ clientId }) => ok(undefined, Buffer.from(`info of ${clientId}`)),
      },
    )
    watch(client.invoke(address, 'HEART_BEAT', {}))
    await clock.settle()
    const asked = watch(
      (connection as Connection).invoke('GET_CONSUMER_RUNNING_INFO', { consumerGroup: 'g', clientId: 'c' }),
    )
    const unhandled = watch(
      (connection as Connection).invoke('CONSUME_MESSAGE_DIRECTLY', { consumerGroup: 'g' }),
    )
    await clock.settle()
    expect(asked.value?.body?.toString()).toBe('info of c')
    expect(asked.value?.language).toBe('NODE_JS')
    expect(unhandled.value?.code).toBe(3)
  })

  test('one-way is handled without an answer', async () => {
    const notified: string[] = []
    let connection: Connection | undefined
    const { clock, server, client, address } = await pair(
      {
        HEART_BEAT: (_, request) => {
          connection = request.connection
          return ok()
        },
      },
      {
        NOTIFY_CONSUMER_IDS_CHANGED: ({ consumerGroup }) => {
          notified.push(consumerGroup)
          return ok()
        },
      },
    )
    watch(client.invoke(address, 'HEART_BEAT', {}))
    await clock.settle()
    const before = server.counters.framesReceived
    connection?.invokeOneway('NOTIFY_CONSUMER_IDS_CHANGED', { consumerGroup: 'g' })
    await clock.settle()
    expect([notified, server.counters.framesReceived - before]).toEqual([['g'], 0])
  })
})

describe('answers nobody asked for', () => {
  // R25
  test('unknown and doubled ones are dropped and counted', async () => {
    const { clock, client, address } = await pair({
      HEART_BEAT: (_, { connection, opaque }) => {
        connection.send(frameOf({ code: 0, flag: 1, opaque: opaque + 1000 }))
        connection.send(frameOf({ code: 0, flag: 1, opaque, remark: 'first' }))
        return ok(undefined, undefined, 'second')
      },
    })
    const call = watch(client.invoke(address, 'HEART_BEAT', {}))
    await clock.settle()
    expect([call.value?.remark, client.counters.responsesDropped]).toEqual(['first', 2])
  })
})

describe('close', () => {
  test('rejects what waits, ends the connections and leaves no timer', async () => {
    const { clock, server, client, address } = await pair({ GET_MAX_OFFSET: () => new Promise(() => {}) })
    const waiting = watch(client.invoke(address, 'GET_MAX_OFFSET', HEADER))
    await clock.settle()
    const closed = watch(client.close())
    await clock.settle()
    expect('value' in closed).toBe(true)
    expect(waiting.error).toMatchObject({ code: 'CONNECTION_CLOSED' })
    expect(server.connections.size).toBe(0)
    expect(clock.timerCount).toBe(0)
    await expect(client.invoke(address, 'GET_MAX_OFFSET', HEADER)).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

// R25
test('the opaque wraps from 2^31-1 to 0', () => {
  const { clock } = newWorld()
  const pending = new PendingRequests(new TimerWheel(clock), 10, 2 ** 31 - 2)
  const taken = [0, 1, 2].map(() => {
    const opaque = pending.takeOpaque()
    watch(pending.wait(opaque, 'x', { timeoutMs: 10 }))
    return opaque
  })
  expect(taken).toEqual([2 ** 31 - 2, 2 ** 31 - 1, 0])
})
