import type { Clock, Log, Net, Random } from '@rockhopper/env'
import { decodeFrame, encodeFrame } from '../protocol/frame.js'
import { FrameReader } from '../protocol/frame-reader.js'
import { type RemotingCommand, SerializeType } from '../protocol/remoting-command.js'
import { createRemotingClient, type RemotingClientOptions } from './client.js'
import { ManualClock } from './manual-clock.fixture.js'
import { MemoryNet, type MemorySocket } from './memory-net.fixture.js'
import { createRemotingServer, type RemotingServerOptions } from './server.js'

export const quietLog: Log = { info() {}, warn() {}, error() {} }
export const steadyRandom: Random = { float: () => 0.5, int: () => 0 }

export interface World {
  readonly clock: ManualClock
  readonly net: MemoryNet
}

export const newWorld = (): World => {
  const clock = new ManualClock()
  return { clock, net: new MemoryNet(clock) }
}

type ServerSettings = Omit<RemotingServerOptions, 'net' | 'clock' | 'log' | 'host' | 'port'>
type ClientSettings = Omit<RemotingClientOptions, 'net' | 'clock' | 'log' | 'random'>

export async function startServer(world: { clock: Clock; net: Net }, settings: ServerSettings) {
  const server = createRemotingServer({ ...world, log: quietLog, host: '127.0.0.1', port: 0, ...settings })
  const { port } = await server.start()
  return { server, port, address: `127.0.0.1:${port}` }
}

export const newClient = (world: { clock: Clock; net: Net }, settings: ClientSettings = {}) =>
  createRemotingClient({ ...world, random: steadyRandom, log: quietLog, ...settings })

/** A peer that writes what bytes it likes and keeps the frames it gets. */
export async function rawPeer(world: World, port: number) {
  const socket: MemorySocket = await world.net.connect({ host: '127.0.0.1', port, timeoutMs: 1_000 })
  const received: RemotingCommand[] = []
  const state = { closed: false }
  const reader = new FrameReader((bytes, start, end) => {
    const decoded = decodeFrame(Buffer.from(bytes.subarray(start, end)))
    if (!decoded.ok) throw new Error(decoded.reason)
    received.push(decoded.value)
  })
  socket.open({
    data: (chunk) => void reader.push(chunk),
    close: () => {
      state.closed = true
    },
  })
  return { socket, received, state }
}

export const frameOf = (command: Partial<RemotingCommand> & { code: number }): Buffer =>
  encodeFrame({
    flag: 0,
    opaque: 1,
    version: 479,
    language: 'JAVA',
    serializeType: SerializeType.JSON,
    ...command,
  })
