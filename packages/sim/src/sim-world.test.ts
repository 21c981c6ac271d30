import { describe, expect, test } from '@jest/globals'
import type { Env } from '@rockhopper/env'
import { envCases } from '@rockhopper/env/suite'
import { FaultDisk } from './fault-disk.js'
import { createMemoryDisk } from './memory-disk.js'
import { SimWorld } from './sim-world.js'

const SEEDS = [1, 2, 3, 4, 5]

describe.each(SEEDS)('the simulated Env of seed %d', (seed) => {
  for (const { name, run } of envCases) {
    test(name, async () => {
      const world = new SimWorld({ seed })
      const env = world.machine()
      env.disk.makeDirectory('/case')
      await world.run(run(env, '/case'))
    })
  }
})

const DISK_CASES = envCases.filter(({ name }) => !/socket|bytes arrive|megabyte|listening/.test(name))

describe.each([
  ['a fault disk without faults', (env: Env) => new FaultDisk(env.disk, { clock: env.clock })],
  ['a memory disk', (env: Env) => createMemoryDisk(env.clock)],
])('%s', (_, diskOf) => {
  for (const { name, run } of DISK_CASES) {
    test(name, async () => {
      const world = new SimWorld({ seed: 1 })
      const env = world.machine()
      const disk = diskOf(env)
      disk.makeDirectory('/case')
      await world.run(run({ ...env, disk }, '/case'))
    })
  }
})

describe('the network of a world', () => {
  async function connected(seed: number) {
    const world = new SimWorld({ seed })
    const server = world.machine()
    const client = world.machine()
    const texts: string[] = []
    const closes: string[] = []
    const listener = await world.run(
      server.net.listen({ host: '0.0.0.0', port: 0 }, (socket) =>
        socket.open({
          data: (chunk) => void texts.push(chunk.toString()),
          close: (error) => void closes.push(`server ${(error as { code?: string })?.code ?? ''}`),
        }),
      ),
    )
    const to = { host: server.host.address, port: listener.port, timeoutMs: 1_000 }
    const socket = await world.run(client.net.connect(to))
    socket.open({
      data() {},
      close: (error) => void closes.push(`client ${(error as { code?: string })?.code ?? ''}`),
    })
    const names = [client.host.address, server.host.address] as const
    return { world, socket, texts, closes, to, client, names }
  }

  test('slices what is sent and keeps its order', async () => {
    const { world, socket, texts } = await connected(7)
    world.network.conditions = { delayMinMs: 1, delayMaxMs: 9, sliceMax: 3 }
    socket.write(Buffer.from('one after the other'))
    await world.clock.pass(500)
    expect(texts.length).toBeGreaterThan(5)
    expect(texts.join('')).toBe('one after the other')
  })

  test('holds back what is sent over a cut, and lets nobody connect over it', async () => {
    const { world, socket, texts, to, client, names } = await connected(7)
    world.network.cut(...names)
    socket.write(Buffer.from('late'))
    await expect(world.run(client.net.connect(to))).rejects.toMatchObject({ code: 'ETIMEDOUT' })
    await world.clock.pass(60_000)
    expect(texts).toEqual([])
    world.network.heal(...names)
    await world.clock.pass(10)
    expect(texts.join('')).toBe('late')
  })

  test('delivers what a process had sent before it was killed, then a reset', async () => {
    const { world, socket, texts, closes, names } = await connected(7)
    socket.write(Buffer.from('last words'))
    world.network.crash(names[0])
    socket.write(Buffer.from('of a ghost'))
    await world.clock.pass(100)
    expect(texts.join('')).toBe('last words')
    expect(closes).toEqual(['server ECONNRESET'])
  })

  test('resets both ends', async () => {
    const { world, socket, texts, closes, names } = await connected(7)
    socket.write(Buffer.from('lost'))
    world.network.reset(...names)
    await world.clock.pass(100)
    expect(closes.sort()).toEqual(['client ECONNRESET', 'server ECONNRESET'])
    expect(texts).toEqual([])
  })
})

test('two runs of a seed are the same run, and another seed is another', async () => {
  const digests: string[] = []
  for (const seed of [42, 42, 43]) {
    const world = new SimWorld({ seed })
    const env = world.machine()
    env.disk.makeDirectory('/case')
    for (const { run } of envCases) {
      env.disk.makeDirectory('/case')
      await world.run(run(env, '/case'))
      env.disk.removeTree('/case')
    }
    expect(world.trace.count).toBeGreaterThan(100)
    digests.push(world.trace.digest)
  }
  expect(digests[0]).toBe(digests[1])
  expect(digests[0]).not.toBe(digests[2])
})
