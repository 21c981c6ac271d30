import { createRequire } from 'node:module'
import {
  type AddressInfo,
  createServer,
  Socket as RawSocket,
  type Server,
  connect as tcpConnect,
} from 'node:net'
import type { ConnectOptions, Listener, ListenOptions, Net, Socket } from '../env.js'
import { NodeSocket } from './node-socket.js'

/** Loaded when it is asked for: it takes 7 MiB with what it brings, and most brokers do without. */
const tlsModule = (): typeof import('node:tls') => createRequire(import.meta.url)('node:tls')

const BACKLOG = 1024
const TLS_HANDSHAKE_RECORD = 0x16
const TLS_SNIFF_TIMEOUT_MS = 5_000
/** One read buffer for all plain sockets: a chunk is consumed before the next read may happen. */
const ARENA_SIZE = 256 * 1024

export function createNodeNet(): Net {
  let arena: Buffer | undefined
  const getArena = (): Buffer => {
    arena ??= Buffer.allocUnsafeSlow(ARENA_SIZE)
    return arena
  }
  return {
    listen: (options, onSocket) => listen(options, onSocket, getArena()),
    connect: (options) => connect(options, getArena()),
  }
}

function listen(
  options: ListenOptions,
  onSocket: (socket: Socket) => void,
  arena: Buffer,
): Promise<Listener> {
  const server =
    options.tls === undefined
      ? createServer({ pauseOnConnect: true, noDelay: true }, (raw) => adopt(raw, arena, onSocket))
      : sniffingServer(options.tls, onSocket)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port, backlog: BACKLOG }, () => {
      server.removeListener('error', reject)
      // After listening only accept() fails (EMFILE): the listener lives on and accepts when it can again.
      server.on('error', () => {})
      resolve(toListener(server))
    })
  })
}

function toListener(server: Server): Listener {
  const bound = server.address() as AddressInfo
  return {
    host: bound.address,
    port: bound.port,
    close() {
      server.close()
      // The descriptor is closed at once; the server's own callback would wait for every accepted socket.
      return new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** Moves the accepted handle into a socket that reads into the arena; only the constructor takes `onread`. */
function adopt(accepted: RawSocket, arena: Buffer, onSocket: (socket: Socket) => void): void {
  const carrier = accepted as unknown as { _handle: unknown }
  const handle = carrier._handle
  if (handle === null || handle === undefined) return
  carrier._handle = null
  let adopted: NodeSocket | undefined
  const raw = new RawSocket({
    handle,
    manualStart: true,
    onread: {
      buffer: arena,
      callback(size: number, buffer: Uint8Array): boolean {
        return adopted?.receive((buffer as Buffer).subarray(0, size), size === buffer.length) ?? true
      },
    },
  } as unknown as ConstructorParameters<typeof RawSocket>[0])
  adopted = new NodeSocket(raw, 'arena')
  onSocket(adopted)
}

function sniffingServer(tls: NonNullable<ListenOptions['tls']>, onSocket: (socket: Socket) => void): Server {
  const { createSecureContext, TLSSocket } = tlsModule()
  const secureContext = createSecureContext({
    key: tls.key,
    cert: tls.cert,
    minVersion: 'TLSv1.2',
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  })
  return createServer({ noDelay: true }, (raw) => {
    const drop = (): void => void raw.destroy()
    raw.setTimeout(TLS_SNIFF_TIMEOUT_MS, drop)
    raw.once('error', drop)
    raw.once('data', (first: Buffer) => {
      raw.setTimeout(0)
      raw.removeListener('timeout', drop)
      raw.pause()
      raw.unshift(first)
      if (first[0] !== TLS_HANDSHAKE_RECORD) {
        if (tls.enforcing) drop()
        else onSocket(new NodeSocket(raw, 'stream'))
        return
      }
      const secure = new TLSSocket(raw, { isServer: true, secureContext })
      secure.once('error', () => secure.destroy())
      secure.once('secure', () => onSocket(new NodeSocket(secure, 'stream')))
    })
  })
}

async function connect(options: ConnectOptions, arena: Buffer): Promise<Socket> {
  const { host, port, tls, timeoutMs } = options
  if (tls !== undefined) {
    const raw = tlsModule().connect({
      host,
      port,
      ...tls,
      rejectUnauthorized: tls.rejectUnauthorized ?? true,
    })
    raw.setNoDelay(true)
    await established(raw, 'secureConnect', options)
    return new NodeSocket(raw, 'stream')
  }
  let socket: NodeSocket | undefined
  const raw = tcpConnect({
    host,
    port,
    noDelay: true,
    onread: {
      buffer: arena,
      callback: (size, buffer) =>
        socket?.receive((buffer as Buffer).subarray(0, size), size === buffer.length) ?? true,
    },
  })
  // Nothing is read before `open` set the handlers.
  raw.pause()
  await established(raw, 'connect', { host, port, timeoutMs })
  socket = new NodeSocket(raw, 'arena')
  return socket
}

function established(
  raw: RawSocket,
  event: 'connect' | 'secureConnect',
  options: ConnectOptions,
): Promise<void> {
  const { host, port, timeoutMs } = options
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      raw.destroy()
      const text = `connect ${host}:${port}: no answer in ${timeoutMs} ms`
      reject(Object.assign(new Error(text), { code: 'ETIMEDOUT' }))
    }, timeoutMs)
    // Stays on: an error between the connect and the wrapper's own listener must not be unhandled.
    raw.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    raw.once(event, () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
