import { describe, expect, test } from '@jest/globals'
import { MqError } from '@rockhopper/message'
import type { CommandName } from '../protocol/commands.js'
import { HeaderScanner } from '../protocol/header-scanner.js'
import { CURRENT_VERSION, SerializeType } from '../protocol/remoting-command.js'
import type { Connection } from './connection.js'
import { frameOf, newWorld, rawPeer, startServer } from './peers.fixture.js'
import { ok, type Processors, refuse } from './processor.js'

const MAX_OFFSET = { code: 30, extFields: { topic: 'T', queueId: '1' } }
const answering: Processors = {
  GET_MAX_OFFSET: ({ topic, queueId }) =>
    topic === 'T' ? ok({ offset: queueId * 10 }) : refuse(17, `no topic '${topic}'`),
}

async function exchange(processors: Processors, ...frames: Buffer[]) {
  const world = newWorld()
  const { server, port } = await startServer(world, { processors })
  const peer = await rawPeer(world, port)
  for (const frame of frames) peer.socket.write(frame)
  await world.clock.settle()
  return { world, server, port, ...peer }
}

describe('a request', () => {
  test('is answered with its opaque, the response bit, language JAVA and our version', async () => {
    const { received } = await exchange(answering, frameOf({ ...MAX_OFFSET, opaque: 77 }))
    expect(received).toMatchObject([
      {
        code: 0,
        flag: 1,
        opaque: 77,
        language: 'JAVA',
        version: CURRENT_VERSION,
        extFields: { offset: '10' },
      },
    ])
  })

  test('with the binary header is answered in JSON', async () => {
    const { received } = await exchange(
      answering,
      frameOf({ ...MAX_OFFSET, serializeType: SerializeType.ROCKETMQ }),
    )
    expect(received).toMatchObject([
      { code: 0, serializeType: SerializeType.JSON, extFields: { offset: '10' } },
    ])
  })

  test('may be refused with a code and a remark', async () => {
    const { received } = await exchange(
      answering,
      frameOf({ code: 30, extFields: { topic: 'X', queueId: '1' } }),
    )
    expect(received).toMatchObject([{ code: 17, remark: "no topic 'X'" }])
  })

  test.each([
    ['of a code nobody knows', { code: 987 }, 3, ' request type 987 not supported'],
    [
      'of a code without a processor',
      { code: 105, extFields: { topic: 'T' } },
      3,
      ' request type 105 not supported',
    ],
    [
      'without a required field',
      { code: 30, extFields: { topic: 'T' } },
      29,
      'the custom field <queueId> is null',
    ],
    ['without any field', { code: 30 }, 29, 'the custom field <topic> is null'],
    [
      'with a malformed number',
      { code: 30, extFields: { topic: 'T', queueId: '1e3' } },
      29,
      'the custom field <queueId> is not a valid i32',
    ],
  ])('%s gets its code', async (_, command, code, remark) => {
    const { received } = await exchange(answering, frameOf(command))
    expect(received).toMatchObject([{ code, remark }])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
      1,
      'Error: broken',
    ],
    ['rejects', () => Promise.reject(new Error('broken')), 1, 'Error: broken'],
    [
      'throws an error with a response code',
      () => {
        throw new MqError('MESSAGE_NOT_FOUND', 'looking', { responseCode: 22 })
      },
      22,
      'looking. There is no such message.',
    ],
    ['answers with a header that is none', () => ok({ offset: 'x' }) as never, 1, 'offset'],
    [
      'answers with more than a frame',
      () => ok({ offset: 1 }, Buffer.alloc(17_000_000)),
      1,
      'larger than the limit',
    ],
  ])('whose processor %s is answered all the same', async (_, processor, code, remark) => {
    const { received, server } = await exchange({ GET_MAX_OFFSET: processor }, frameOf(MAX_OFFSET))
    expect(received).toMatchObject([{ code }])
    expect(received[0]?.remark).toContain(remark)
    expect([...server.connections].map(({ inFlight }) => inFlight)).toEqual([0])
  })

  test('that is one-way is processed and never answered, whatever happens', async () => {
    let processed = 0
    const processors: Processors = {
      GET_MAX_OFFSET: () => {
        processed++
        throw new Error('broken')
      },
    }
    const oneway = [MAX_OFFSET, { code: 987 }, { code: 30 }].map((command) =>
      frameOf({ ...command, flag: 2 }),
    )
    const { received } = await exchange(processors, ...oneway)
    expect(processed).toBe(1)
    expect(received).toEqual([])
  })

  // R25
  test('may be answered after later ones: a suspended one holds nobody up', async () => {
    let release = () => {}
    const processors: Processors = {
      GET_MAX_OFFSET: ({ queueId }) =>
        queueId === 1
          ? new Promise((resolve) => (release = () => resolve(ok({ offset: 1 }))))
          : ok({ offset: 2 }),
    }
    const { received, world } = await exchange(
      processors,
      frameOf({ ...MAX_OFFSET, opaque: 1 }),
      frameOf({ code: 30, opaque: 2, extFields: { topic: 'T', queueId: '2' } }),
    )
    expect(received.map(({ opaque }) => opaque)).toEqual([2])
    release()
    await world.clock.settle()
    expect(received.map(({ opaque }) => opaque)).toEqual([2, 1])
  })

  // R31
  test('has a body that outlives the read', async () => {
    let kept: Buffer | undefined
    const processors: Processors = {
      GET_MAX_OFFSET: (_, { body }) => {
        kept = body
        return ok({ offset: 0 })
      },
    }
    await exchange(processors, frameOf({ ...MAX_OFFSET, body: Buffer.from('hello') }))
    expect(kept?.toString()).toBe('hello')
  })

  test('gets a body of several buffers as one, and they are given back', async () => {
    let givenBack = 0
    const body = [Buffer.from('a'), Buffer.alloc(200_000, 'b'), Buffer.from('c')]
    const processors: Processors = {
      GET_MAX_OFFSET: () => ({ code: 0, header: { offset: 1 }, body, taken: () => givenBack++ }),
    }
    const { received } = await exchange(processors, frameOf(MAX_OFFSET))
    expect(received[0]?.body?.equals(Buffer.concat(body))).toBe(true)
    expect(givenBack).toBe(1)
  })

  test.each([
    ['one-way', { ...MAX_OFFSET, flag: 2 }, 1],
    ['answered with what cannot be encoded', MAX_OFFSET, 'wrong' as never],
  ])('that is %s gives the buffers of its body back', async (_, command, offset) => {
    let givenBack = 0
    const processors: Processors = {
      GET_MAX_OFFSET: () => ({
        code: 0,
        header: { offset },
        body: Buffer.alloc(9),
        taken: () => givenBack++,
      }),
    }
    await exchange(processors, frameOf(command))
    expect(givenBack).toBe(1)
  })
})

describe('the output of a turn', () => {
  test('is one write per connection', async () => {
    const world = newWorld()
    let connection: Connection | undefined
    const { port } = await startServer(world, {
      processors: {
        GET_MAX_OFFSET: (_, request) => {
          connection = request.connection
          return ok({ offset: 1 })
        },
      },
    })
    const peer = await rawPeer(world, port)
    const writes = countWrites(world)
    peer.socket.write(
      Buffer.concat(Array.from({ length: 100 }, (_, opaque) => frameOf({ ...MAX_OFFSET, opaque }))),
    )
    await world.clock.settle()
    expect(peer.received.length).toBe(100)
    expect(connection?.outstandingBytes).toBe(0)
    expect(writes()).toBe(1)
  })

  test('keeps the order of copied, small and large frames', async () => {
    const world = newWorld()
    const { server, port } = await startServer(world, { processors: {} })
    const peer = await rawPeer(world, port)
    await world.clock.settle()
    const [connection] = server.connections
    const scratch = Buffer.alloc(100_000)
    let taken = 0
    for (let opaque = 0; opaque < 200; opaque++) {
      const frame = frameOf({
        code: 0,
        flag: 1,
        opaque,
        body: Buffer.alloc(opaque % 7 === 0 ? 70_000 : 300 * (opaque % 5)),
      })
      if (opaque % 2 === 0) connection?.send(frame, () => taken++)
      else {
        frame.copy(scratch)
        connection?.sendCopy(scratch, 0, frame.length)
        scratch.fill(0xee)
      }
    }
    await world.clock.settle()
    expect(peer.received.map(({ opaque }) => opaque)).toEqual(Array.from({ length: 200 }, (_, i) => i))
    expect(taken).toBe(100)
  })
})

describe('the authorizer', () => {
  const authorize = (_: unknown, action: CommandName, { topic }: { topic: string | undefined }) =>
    action === 'GET_MAX_OFFSET' && topic === 'T' ? undefined : { code: 16, remark: 'no' }

  test.each([
    ['synchronous', authorize],
    ['asynchronous', async (...asked: Parameters<typeof authorize>) => authorize(...asked)],
  ])('that is %s decides before the processor', async (_, decide) => {
    const world = newWorld()
    const { port } = await startServer(world, { processors: answering, authorize: decide })
    const { socket, received } = await rawPeer(world, port)
    socket.write(frameOf({ ...MAX_OFFSET, opaque: 1 }))
    socket.write(frameOf({ code: 30, opaque: 2, extFields: { topic: 'X', queueId: '1' } }))
    await world.clock.settle()
    expect(received.map(({ opaque, code }) => [opaque, code]).sort()).toEqual([
      [1, 0],
      [2, 16],
    ])
  })

  test('sees also what a turn entry would take', async () => {
    const world = newWorld()
    const { port } = await startServer(world, {
      processors: answering,
      authorize: () => ({ code: 16, remark: 'no' }),
      turnEntries: { 30: () => true },
    })
    const { socket, received } = await rawPeer(world, port)
    socket.write(frameOf(MAX_OFFSET))
    await world.clock.settle()
    expect(received).toMatchObject([{ code: 16 }])
  })
})

describe('a turn entry', () => {
  test('takes a hot request in place, or leaves it to the processor', async () => {
    const world = newWorld()
    const scanner = new HeaderScanner('PULL_MESSAGE')
    const queueId = scanner.field('queueId')
    const { port } = await startServer(world, {
      processors: { PULL_MESSAGE: () => refuse(19, 'general') },
      turnEntries: {
        11: (frame, connection) => {
          if (!scanner.scan(frame) || scanner.numbers[queueId] !== 1) return false
          const reply = frameOf({ code: 0, flag: 1, opaque: scanner.opaque, remark: 'turn' })
          connection.sendCopy(reply, 0, reply.length)
          return true
        },
      },
    })
    const { socket, received } = await rawPeer(world, port)
    const fields = {
      consumerGroup: 'g',
      topic: 'T',
      queueOffset: '0',
      maxMsgNums: '1',
      sysFlag: '0',
      commitOffset: '0',
      suspendTimeoutMillis: '0',
      subVersion: '0',
    }
    socket.write(frameOf({ code: 11, opaque: 1, extFields: { ...fields, queueId: '1' } }))
    socket.write(frameOf({ code: 11, opaque: 2, extFields: { ...fields, queueId: '2' } }))
    socket.write(frameOf({ code: 11, opaque: 3, extFields: fields }))
    await world.clock.settle()
    expect(received.map(({ opaque, remark }) => [opaque, remark])).toEqual([
      [1, 'turn'],
      [2, 'general'],
      [3, 'the custom field <queueId> is null'],
    ])
  })

  test('that throws costs its connection only', async () => {
    const world = newWorld()
    const { server, port } = await startServer(world, {
      processors: answering,
      turnEntries: {
        11: () => {
          throw new Error('broken')
        },
      },
    })
    const [bad, good] = [await rawPeer(world, port), await rawPeer(world, port)]
    bad.socket.write(frameOf({ code: 11 }))
    good.socket.write(frameOf(MAX_OFFSET))
    await world.clock.settle()
    expect(bad.state.closed).toBe(true)
    expect(good.received).toMatchObject([{ code: 0 }])
    expect(server.counters.closed).toEqual({ 'turn-entry-failed': 1 })
  })
})

/** Counts Socket.write calls of everybody from here on. */
function countWrites(world: ReturnType<typeof newWorld>): () => number {
  const before = world.net.sockets.reduce((sum, socket) => sum + socket.writeCount, 0)
  // The request itself is one.
  return () => world.net.sockets.reduce((sum, socket) => sum + socket.writeCount, 0) - before - 1
}
