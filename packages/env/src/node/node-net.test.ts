import { afterEach, describe, expect, test } from '@jest/globals'
import type { ConnectOptions, Listener, ListenOptions } from '../env.js'
import { createNodeNet } from './node-net.js'
import { CERT, KEY } from './tls.fixture.js'

const HOST = '127.0.0.1'
const net = createNodeNet()
const listeners: Listener[] = []
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()))
})

/** Answers every chunk with itself. */
async function startEcho(tls: NonNullable<ListenOptions['tls']>): Promise<Listener> {
  const listener = await net.listen({ host: HOST, port: 0, tls }, (socket) => {
    socket.open({ data: (chunk) => socket.write(Buffer.from(chunk)), close() {} })
  })
  listeners.push(listener)
  return listener
}

async function echoed(options: ConnectOptions): Promise<string> {
  const socket = await net.connect(options)
  return new Promise((resolve) => {
    let text = ''
    socket.open({
      data(chunk) {
        text += chunk.toString()
        if (text.length === 5) socket.end()
      },
      close: () => resolve(text),
    })
    socket.write(Buffer.from('hello'))
  })
}

describe('TLS beside plain text on one port', () => {
  test('each kind of client is answered in its own way', async () => {
    const { port } = await startEcho({ key: KEY, cert: CERT })
    expect(await echoed({ host: HOST, port, timeoutMs: 5_000 })).toBe('hello')
    expect(await echoed({ host: HOST, port, timeoutMs: 5_000, tls: { ca: CERT } })).toBe('hello')
  })

  test('a certificate that nobody vouches for is refused', async () => {
    const { port } = await startEcho({ key: KEY, cert: CERT })
    const refused = net.connect({ host: HOST, port, timeoutMs: 5_000, tls: {} })
    await expect(refused).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  test('enforcing: plain text is closed without an answer', async () => {
    const { port } = await startEcho({ key: KEY, cert: CERT, enforcing: true })
    expect(await echoed({ host: HOST, port, timeoutMs: 5_000 })).toBe('')
    expect(await echoed({ host: HOST, port, timeoutMs: 5_000, tls: { ca: CERT } })).toBe('hello')
  })
})

test('a sender with much to say leaves room for others: what is read in a turn is limited', async () => {
  const SIZE = 32 * 1024 * 1024
  let [inTurn, most, all] = [0, 0, 0]
  let finish = () => {}
  const arrived = new Promise<void>((resolve) => {
    finish = resolve
  })
  const listener = await net.listen({ host: HOST, port: 0 }, (socket) => {
    socket.open({
      data(chunk) {
        if (inTurn === 0) setImmediate(() => (inTurn = 0))
        inTurn += chunk.length
        most = Math.max(most, inTurn)
        all += chunk.length
        if (all === SIZE) finish()
      },
      close() {},
    })
  })
  listeners.push(listener)
  const sender = await net.connect({ host: HOST, port: listener.port, timeoutMs: 5_000 })
  sender.open({ data() {}, close() {} })
  sender.write(Buffer.alloc(SIZE))
  await arrived
  expect(most).toBeLessThanOrEqual(256 * 1024)
  sender.destroy()
})
