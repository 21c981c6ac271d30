import { describe, expect, test } from '@jest/globals'
import type { RemotingLimits } from './limits.js'
import { frameOf, newWorld, rawPeer, startServer } from './peers.fixture.js'
import { ok, type Processors } from './processor.js'

const MAX_OFFSET = { code: 30, extFields: { topic: 'T', queueId: '1' } }

async function serverWith(limits: Partial<RemotingLimits>, processors: Processors = {}) {
  const world = newWorld()
  const { server, port } = await startServer(world, { processors, limits })
  return { ...world, world, server, port, connect: () => rawPeer(world, port) }
}

const words = (total: number, header: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeInt32BE(total, 0)
  bytes.writeInt32BE(header, 4)
  return bytes
}

describe('a peer that sends what is no frame', () => {
  test.each([
    ['frame-too-short', words(0, 0)],
    ['frame-too-short', words(-1, 0)],
    ['frame-too-large', words(0x7fff_ffff, 0)],
    ['header-too-long', words(10, 11)],
    ['serializer-unknown', words(10, -1)],
    ['header-illegal', Buffer.concat([words(6, 2), Buffer.from('[]')])],
    ['serializer-unknown', Buffer.from('\u0000\u0000\u0001\u0000GET / HTTP/1.1\r\n\r\n')],
    ['frame-too-large', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ])('is closed for %s, unanswered and counted, and others go on', async (reason, bytes) => {
    const { clock, server, connect } = await serverWith({}, { GET_MAX_OFFSET: () => ok({ offset: 1 }) })
    const [bad, good] = [await connect(), await connect()]
    bad.socket.write(bytes)
    await clock.settle()
    expect(bad).toMatchObject({ received: [], state: { closed: true } })
    good.socket.write(frameOf(MAX_OFFSET))
    await clock.settle()
    expect(good.received).toMatchObject([{ code: 0 }])
    expect(server.counters.closed).toEqual({ [reason]: 1 })
    expect(server.connections.size).toBe(1)
  })
})

describe('time limits', () => {
  test('a frame that is not complete after 30 s closes the connection, however slowly it drips', async () => {
    const { clock, server, connect } = await serverWith({})
    const peer = await connect()
    const frame = frameOf(MAX_OFFSET)
    for (let i = 0; i < 29; i++) {
      peer.socket.write(frame.subarray(i, i + 1))
      await clock.advance(1_000)
    }
    expect(peer.state.closed).toBe(false)
    await clock.advance(3_000)
    expect(server.counters.closed).toEqual({ 'partial-frame-timeout': 1 })
    expect(peer.state.closed).toBe(true)
  })

  test('frames that follow each other closely are no slow frame', async () => {
    const { clock, connect } = await serverWith({}, { GET_MAX_OFFSET: () => ok({ offset: 1 }) })
    const peer = await connect()
    const frame = frameOf(MAX_OFFSET)
    for (let i = 0; i < 40; i++) {
      peer.socket.write(Buffer.concat([frame.subarray(i === 0 ? 0 : 20), frame.subarray(0, 20)]))
      await clock.advance(1_000)
    }
    expect(peer.state.closed).toBe(false)
    expect(peer.received.length).toBe(40)
  })

  test('a connection that is idle for 120 s is closed; traffic keeps it', async () => {
    const { clock, server, connect } = await serverWith({}, { GET_MAX_OFFSET: () => ok({ offset: 1 }) })
    const [idle, busy] = [await connect(), await connect()]
    for (let i = 0; i < 5; i++) {
      await clock.advance(30_000)
      busy.socket.write(frameOf(MAX_OFFSET))
    }
    await clock.settle()
    expect([idle.state.closed, busy.state.closed]).toEqual([true, false])
    expect(server.counters.closed).toEqual({ idle: 1 })
  })
})

describe('a peer that does not read', () => {
  const BIG: Processors = { GET_MAX_OFFSET: () => ok({ offset: 1 }, Buffer.alloc(1_000)) }
  const limits = { outboundPauseBytes: 10_000, outboundCloseBytes: 40_000 }

  test('is read from no more beyond the first limit, and again when it has caught up', async () => {
    const { clock, server, connect } = await serverWith(limits, BIG)
    const peer = await connect()
    peer.socket.pause()
    for (let i = 0; i < 100; i++) {
      peer.socket.write(frameOf(MAX_OFFSET))
      await clock.settle()
    }
    const [connection] = server.connections
    expect(connection?.outstandingBytes).toBeGreaterThan(10_000)
    expect(connection?.outstandingBytes).toBeLessThan(12_000)
    peer.socket.resume()
    await clock.settle()
    expect(peer.received.length).toBe(100)
    expect(connection?.outstandingBytes).toBe(0)
  })

  test('is closed beyond the second limit', async () => {
    const { clock, server, connect } = await serverWith(limits, BIG)
    const peer = await connect()
    peer.socket.pause()
    peer.socket.write(Buffer.concat(Array.from({ length: 100 }, () => frameOf(MAX_OFFSET))))
    await clock.settle()
    expect(server.counters.closed).toEqual({ 'outbound-overflow': 1 })
    expect(peer.state.closed).toBe(true)
  })

  test('is closed when it has most of what all connections may have together', async () => {
    const { clock, server, connect } = await serverWith({ ...limits, outboundTotalBytes: 12_500 }, BIG)
    const asks = (count: number) => Buffer.concat(Array.from({ length: count }, () => frameOf(MAX_OFFSET)))
    const [some, most] = [await connect(), await connect()]
    for (const peer of [some, most]) peer.socket.pause()
    some.socket.write(asks(3))
    await clock.settle()
    most.socket.write(asks(7))
    await clock.settle()
    expect(server.counters.closed).toEqual({})
    some.socket.write(asks(1))
    await clock.settle()
    expect(server.counters.closed).toEqual({})
    some.socket.write(asks(1))
    await clock.settle()
    expect(server.counters.closed).toEqual({ 'outbound-total': 1 })
    expect([some.state.closed, most.state.closed]).toEqual([false, true])
    // What the closed one had counts no more, however often one is closed so.
    for (let i = 0; i < 3; i++) {
      const next = await connect()
      next.socket.pause()
      next.socket.write(asks(3))
      await clock.settle()
      next.socket.destroy()
      await clock.settle()
    }
    some.socket.resume()
    await clock.settle()
    expect(some.received.length).toBe(5)
    expect(server.counters.closed).toEqual({ 'outbound-total': 1, peer: 3 })
  })

  test('is closed when it takes nothing for 10 s', async () => {
    const { clock, server, connect } = await serverWith({}, BIG)
    const peer = await connect()
    peer.socket.pause()
    peer.socket.write(frameOf(MAX_OFFSET))
    await clock.advance(9_000)
    expect(peer.state.closed).toBe(false)
    await clock.advance(3_000)
    expect(server.counters.closed).toEqual({ 'outbound-stalled': 1 })
  })
})

describe('counts', () => {
  test('requests in flight beyond the limit are answered with 2, and taken again afterwards', async () => {
    const waiting: (() => void)[] = []
    const { clock, server, connect } = await serverWith(
      { inFlightMax: 2 },
      { GET_MAX_OFFSET: () => new Promise((resolve) => waiting.push(() => resolve(ok({ offset: 1 })))) },
    )
    const peer = await connect()
    for (let opaque = 1; opaque <= 3; opaque++) peer.socket.write(frameOf({ ...MAX_OFFSET, opaque }))
    await clock.settle()
    expect(peer.received).toMatchObject([{ opaque: 3, code: 2 }])
    expect(peer.received[0]?.remark).toContain('[OVERLOAD]')
    for (const release of waiting.splice(0)) release()
    await clock.settle()
    peer.socket.write(frameOf({ ...MAX_OFFSET, opaque: 4 }))
    await clock.settle()
    for (const release of waiting.splice(0)) release()
    await clock.settle()
    expect(peer.received.map(({ opaque, code }) => [opaque, code])).toEqual([
      [3, 2],
      [1, 0],
      [2, 0],
      [4, 0],
    ])
    expect(server.counters.overloads).toBe(1)
  })

  test('bytes of requests in flight are bounded too', async () => {
    const { clock, connect } = await serverWith(
      { inFlightBytesMax: 1_000 },
      { GET_MAX_OFFSET: () => new Promise(() => {}) },
    )
    const peer = await connect()
    peer.socket.write(frameOf({ ...MAX_OFFSET, opaque: 1, body: Buffer.alloc(600) }))
    peer.socket.write(frameOf({ ...MAX_OFFSET, opaque: 2, body: Buffer.alloc(600) }))
    await clock.settle()
    expect(peer.received).toMatchObject([{ opaque: 2, code: 2 }])
  })

  test.each([
    ['in all', { connectionsMax: 2 }],
    ['from one address', { connectionsPerAddressMax: 2 }],
  ])(
    'connections beyond the limit %s are closed at once, and there is room again when one leaves',
    async (_, limits) => {
      const { clock, server, connect } = await serverWith(limits)
      const peers = [await connect(), await connect(), await connect()]
      await clock.settle()
      expect(peers.map(({ state }) => state.closed)).toEqual([false, false, true])
      peers[0]?.socket.destroy()
      await clock.settle()
      const next = await connect()
      await clock.settle()
      expect(next.state.closed).toBe(false)
      expect(server.counters.closed).toEqual({ 'too-many-connections': 1, peer: 1 })
    },
  )
})

describe('stop', () => {
  test('answers what is being processed, takes nothing new, and closes', async () => {
    let release = () => {}
    const { clock, server, connect, world, port } = await serverWith(
      {},
      { GET_MAX_OFFSET: () => new Promise((resolve) => (release = () => resolve(ok({ offset: 1 })))) },
    )
    const [busy, idle] = [await connect(), await connect()]
    busy.socket.write(frameOf(MAX_OFFSET))
    await clock.settle()
    let isStopped = false
    const stopped = server.stop().then(() => (isStopped = true))
    busy.socket.write(frameOf({ ...MAX_OFFSET, opaque: 2 }))
    await clock.advance(100)
    expect([busy.state.closed, idle.state.closed, isStopped]).toEqual([false, true, false])
    release()
    await clock.advance(100)
    await stopped
    expect(busy).toMatchObject({ received: [{ opaque: 1, code: 0 }], state: { closed: true } })
    expect(server.connections.size).toBe(0)
    await expect(rawPeer(world, port)).rejects.toThrow('refused')
    expect(clock.timerCount).toBe(0)
  })

  test('cuts what does not end in time', async () => {
    const { clock, server, connect } = await serverWith({}, { GET_MAX_OFFSET: () => new Promise(() => {}) })
    const peer = await connect()
    peer.socket.write(frameOf(MAX_OFFSET))
    await clock.settle()
    const stopped = server.stop(1_000)
    await clock.advance(1_100)
    await stopped
    expect(peer.state.closed).toBe(true)
  })
})
