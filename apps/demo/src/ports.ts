import { createServer } from 'node:net'

const TRIES_MAX = 200

/**
 * Where the ports of a run of its own begin. Below the ephemeral range (from 32,768 on Linux): the port of a
 * service that was killed is not given to somebody's connection before its next life.
 */
export const anyPortBase = (): number => 20_000 + Math.floor(Math.random() * 12_000)

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
