import { createServer, type Server } from 'node:net'

/**
 * Below the ephemeral range, so that no outgoing connection of this machine takes a port between check and
 * use.
 */
const FIRST_PORT = 20_000
const PORT_COUNT = 10_000
const ATTEMPTS = 100

/**
 * A port on which this and all `offsets` from it are free. Apache's broker takes its port, port - 2 (VIP
 * channel) and port + 1 (HA) and cannot choose for itself; whoever starts it must be ready to try again.
 */
export async function freePort(offsets: readonly number[] = [0]): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT)
    const servers = await Promise.all(offsets.map((offset) => listen(port + offset)))
    await Promise.all(servers.map(close))
    if (servers.every((server) => server !== undefined)) return port
  }
  throw new Error(`no free port with ${offsets.join(', ')} in ${ATTEMPTS} attempts`)
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

function close(server: Server | undefined): Promise<void> {
  return new Promise((resolve) => (server === undefined ? resolve() : server.close(() => resolve())))
}
