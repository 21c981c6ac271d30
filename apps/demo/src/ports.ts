import { createServer } from 'node:net'

const TRIES_MAX = 200

/** Shares of the ports, one for each worker of Jest; the last of a share are never where a run begins. */
const SHARES = 8
const SHARE_SIZE = 1_500
const ROOM = 300

/**
 * Where the ports of a run of its own begin. Below the ephemeral range (from 32,768 on Linux): the port of a
 * service that was killed is not given to somebody's connection before its next life. Test runs side by side
 * have ranges of their own: none takes what another one has just given back, and looks at.
 */
export function anyPortBase(): number {
  const share = Number(process.env['JEST_WORKER_ID'] ?? 0) % SHARES
  return 20_000 + share * SHARE_SIZE + Math.floor(Math.random() * (SHARE_SIZE - ROOM))
}

/** Hands out ports: the wanted one, or the next that is free and not handed out before. */
export class Ports {
  readonly #host: string
  readonly #given = new Set<number>()

  constructor(host: string) {
    this.#host = host
  }

  /** @throws Error when 200 ports in a row are busy. */
  async take(wanted: number): Promise<number> {
    for (let port = wanted; port < Math.min(wanted + TRIES_MAX, 65_536); port++) {
      if (this.#given.has(port) || !(await isFree(this.#host, port))) continue
      this.#given.add(port)
      return port
    }
    throw new Error(
      `ports ${wanted} to ${wanted + TRIES_MAX - 1} are all busy; choose others with --port-base`,
    )
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ host, port }, () => probe.close(() => resolve(true)))
  })
}
