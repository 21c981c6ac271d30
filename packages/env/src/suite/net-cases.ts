import { equal, ok, rejects } from 'node:assert/strict'
import type { Env, Socket } from '../env.js'
import type { EnvCase } from './env-case.js'

const HOST = '127.0.0.1'

interface Pair {
  readonly client: Socket
  readonly server: Socket
  close(): Promise<void>
}

async function connected(env: Env): Promise<Pair> {
  let accepted: (socket: Socket) => void = () => {}
  const serverSide = new Promise<Socket>((resolve) => {
    accepted = resolve
  })
  const listener = await env.net.listen({ host: HOST, port: 0 }, (socket) => accepted(socket))
  const client = await env.net.connect({ host: HOST, port: listener.port, timeoutMs: 5_000 })
  const server = await serverSide
  return {
    client,
    server,
    async close() {
      client.destroy()
      server.destroy()
      await listener.close()
    },
  }
}

/** Resolves with all bytes once `size` of them came, or at close. */
function received(socket: Socket, size: number): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.open({
      data(chunk) {
        text += chunk.toString('latin1')
        if (text.length >= size) resolve(text)
      },
      close: () => resolve(text),
    })
  })
}

/** What every `Net` does, real or simulated. */
export const netCases: readonly EnvCase[] = [
  {
    name: 'bytes arrive in order, both ways, and each write is told when its bytes are taken',
    async run(env) {
      const pair = await connected(env)
      const taken: number[] = []
      const atServer = received(pair.server, 6)
      const atClient = received(pair.client, 2)
      pair.client.write(Buffer.from('abc'), () => taken.push(1))
      pair.client.write(Buffer.from('def'), () => taken.push(2))
      equal(await atServer, 'abcdef')
      pair.server.write(Buffer.from('ok'))
      equal(await atClient, 'ok')
      equal(taken.join(), '1,2')
      await pair.close()
    },
  },
  {
    name: 'a megabyte passes although nobody waits between the writes',
    async run(env) {
      const pair = await connected(env)
      const size = 1024 * 1024
      const atServer = received(pair.server, size)
      pair.client.open({ data() {}, close() {} })
      for (let i = 0; i < 64; i++) pair.client.write(Buffer.alloc(size / 64, 65 + (i % 26)))
      const text = await atServer
      equal(text.length, size)
      for (let i = 0; i < 64; i++) equal(text.charCodeAt(i * (size / 64)), 65 + (i % 26))
      await pair.close()
    },
  },
  {
    name: 'end sends what is queued and closes both sides once',
    async run(env) {
      const pair = await connected(env)
      let closes = 0
      const clientClosed = new Promise<void>((resolve) => {
        pair.client.open({
          data() {},
          close() {
            closes++
            resolve()
          },
        })
      })
      const atServer = received(pair.server, 100)
      pair.client.write(Buffer.from('last words'))
      pair.client.end()
      equal(await atServer, 'last words')
      await clientClosed
      pair.client.destroy()
      equal(closes, 1)
      await pair.close()
    },
  },
  {
    name: 'a write after close does nothing but report its bytes as taken',
    async run(env) {
      const pair = await connected(env)
      const closed = received(pair.client, 1)
      pair.client.destroy()
      await closed
      await new Promise<void>((resolve) => pair.client.write(Buffer.from('x'), resolve))
      await pair.close()
    },
  },
  {
    name: 'a paused socket delivers nothing until it is resumed',
    async run(env) {
      const pair = await connected(env)
      let text = ''
      let arrived = (): void => {}
      const all = new Promise<void>((resolve) => {
        arrived = resolve
      })
      pair.server.open({
        data(chunk) {
          text += chunk.toString('latin1')
          if (text.length === 4) arrived()
        },
        close() {},
      })
      pair.server.pause()
      pair.client.open({ data() {}, close() {} })
      await new Promise<void>((resolve) => pair.client.write(Buffer.from('wait'), resolve))
      await new Promise<void>((resolve) => env.clock.after(30, resolve))
      equal(text, '')
      pair.server.resume()
      await all
      equal(text, 'wait')
      await pair.close()
    },
  },
  {
    name: 'nobody listening is ECONNREFUSED, a taken port EADDRINUSE',
    async run(env) {
      const listener = await env.net.listen({ host: HOST, port: 0 }, (socket) => socket.destroy())
      ok(listener.port > 0)
      await rejects(
        env.net.listen({ host: HOST, port: listener.port }, () => {}),
        { code: 'EADDRINUSE' },
      )
      await listener.close()
      await rejects(env.net.connect({ host: HOST, port: listener.port, timeoutMs: 2_000 }), {
        code: 'ECONNREFUSED',
      })
    },
  },
]
