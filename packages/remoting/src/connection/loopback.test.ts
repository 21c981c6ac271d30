import { createConnection, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createNodeEnv } from '@rockhopper/env'
import { COMMANDS, type CommandName } from '../protocol/commands.js'
import { HeaderScanner } from '../protocol/header-scanner.js'
import { type SeededRandom, seededRandom } from '../protocol/seeded-random.fixture.js'
import { frameOf, newClient, quietLog, startServer } from './peers.fixture.js'
import { ok, type Processors } from './processor.js'

const HEADER = { topic: 'T', queueId: 3 }
const opened: { stop(): Promise<void> }[] = []
const env = createNodeEnv({ log: quietLog })

afterEach(async () => {
  for (const endpoint of opened.splice(0).reverse()) await endpoint.stop()
})

/**
 * A server where every command has a processor that answers, and the hot ones a turn entry that only looks.
 */
async function fullServer() {
  const processors = Object.fromEntries(
    Object.keys(COMMANDS).map((name) => [name, () => ok(undefined, Buffer.from(name))]),
  ) as Processors
  const scanners = (['SEND_MESSAGE', 'SEND_MESSAGE_V2', 'PULL_MESSAGE'] as const).map((name) => {
    const scanner = new HeaderScanner(name)
    const topic = scanner.field('topic')
    return [
      COMMANDS[name].code,
      (frame: Parameters<HeaderScanner['scan']>[0]) => scanner.scan(frame) && scanner.text(topic) === 'never',
    ] as const
  })
  const started = await startServer(env, {
    processors: {
      ...processors,
      GET_MAX_OFFSET: ({ queueId }, { body }) => ok({ offset: queueId }, body),
    },
    turnEntries: Object.fromEntries(scanners),
  })
  opened.push(started.server)
  return started
}

function clientOf() {
  const client = newClient(env)
  opened.push({ stop: () => client.close() })
  return client
}

function randomFrame(random: SeededRandom): Buffer {
  const name = random.pick(Object.keys(COMMANDS) as CommandName[])
  const frame = frameOf({
    code: COMMANDS[name].code,
    flag: random.below(4),
    opaque: random.below(1_000),
    extFields: Object.fromEntries(
      Object.entries(COMMANDS[name].request).map(([key, field]) => [
        (field as { wire?: string }).wire ?? key,
        String(random.below(100)),
      ]),
    ),
    serializeType: random.below(2) === 0 ? 0 : 1,
    body: random.bytes(random.below(30)),
  })
  for (let changes = random.below(12) === 0 ? 1 + random.below(3) : 0; changes > 0; changes--)
    frame[random.below(frame.length)] = random.below(256)
  return frame
}

describe('over real sockets', () => {
  test('many calls at once come back each to its caller', async () => {
    const { address } = await fullServer()
    const client = clientOf()
    const answers = await Promise.all(
      Array.from({ length: 2_000 }, (_, queueId) =>
        client.invoke(
          address,
          'GET_MAX_OFFSET',
          { topic: 'T', queueId },
          Buffer.alloc(queueId % 700, queueId),
        ),
      ),
    )
    answers.forEach(({ header, body }, i) => {
      expect(header.offset).toBe(i)
      expect(body?.length ?? 0).toBe(i % 700)
      if (body !== undefined) expect(body[body.length - 1]).toBe(i % 256)
    })
  })

  test('a body of 8 MiB goes both ways', async () => {
    const { address } = await fullServer()
    const sent = Buffer.alloc(8 * 1024 * 1024, 'rockhopper')
    const { body } = await clientOf().invoke(address, 'GET_MAX_OFFSET', HEADER, sent, { timeoutMs: 20_000 })
    expect(body?.equals(sent)).toBe(true)
  })

  // R25
  test('a connection that the server cuts rejects its calls within 100 ms', async () => {
    const { server, address } = await startServer(env, {
      processors: { GET_MAX_OFFSET: () => new Promise(() => {}) },
    })
    opened.push({ stop: () => server.stop(10) })
    const call = clientOf().invoke(address, 'GET_MAX_OFFSET', HEADER, undefined, { timeoutMs: 20_000 })
    while (server.connections.size === 0) await new Promise<void>((resolve) => setImmediate(resolve))
    const startedAt = performance.now()
    for (const connection of [...server.connections]) connection.close()
    await expect(call).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    expect(performance.now() - startedAt).toBeLessThan(100)
  })

  test('random bytes and mutated frames end in an answer or a closed connection', async () => {
    const random = seededRandom()
    const { server, port, address } = await fullServer()
    const client = clientOf()
    const prototype = Object.getOwnPropertyNames(Object.prototype).sort()
    for (let round = 0; round < 150; round++) {
      const bytes =
        round % 5 === 0
          ? random.bytes(random.below(3_000))
          : Buffer.concat(Array.from({ length: 1 + random.below(40) }, () => randomFrame(random)))
      await abuse(port, bytes, random)
      if (round % 10 === 0) {
        const answer = await client.invoke(address, 'GET_MAX_OFFSET', HEADER, undefined, { timeoutMs: 5_000 })
        expect(answer.header.offset).toBe(3)
      }
    }
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(prototype)
    expect(server.counters.framesReceived).toBeGreaterThan(500)
    const { closed } = server.counters
    const broken = Object.entries(closed).filter(([reason]) => reason !== 'peer')
    expect(broken.length).toBeGreaterThan(2)
    expect(closed['turn-entry-failed']).toBeUndefined()
  }, 30_000)

  test('a server that sends rubbish makes the client reject, not crash', async () => {
    const random = seededRandom()
    for (let round = 0; round < 30; round++) {
      const { server, address } = await startServer(env, {
        processors: {
          GET_MAX_OFFSET: (_, { connection }) => {
            connection.send(random.below(2) === 0 ? randomFrame(random) : random.bytes(1 + random.below(200)))
            return ok({ offset: 1 })
          },
        },
      })
      const client = newClient(env)
      const ended = client.invoke(address, 'GET_MAX_OFFSET', HEADER, undefined, { timeoutMs: 300 }).then(
        ({ code }) => code,
        (error: { name: string }) => error.name,
      )
      expect(['number', 'MqError']).toContain(typeof (await ended) === 'number' ? 'number' : await ended)
      await client.close()
      await server.stop(10)
    }
  }, 30_000)
})

/** Writes the bytes in random pieces, then hangs up; resolves when the socket is closed. */
async function abuse(port: number, bytes: Buffer, random: SeededRandom): Promise<void> {
  const socket: Socket = createConnection({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.resume()
  for (let at = 0; at < bytes.length && !socket.destroyed; ) {
    const end = at + 1 + random.below(400)
    socket.write(bytes.subarray(at, end))
    at = end
    if (random.below(4) === 0) await new Promise<void>((resolve) => setImmediate(resolve))
  }
  if (random.below(3) === 0) socket.destroy()
  else socket.end()
  await closed
}
