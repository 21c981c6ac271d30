import type { ServerResponse } from 'node:http'

const HISTORY_MAX = 1_000
const LISTENERS_MAX = 50
/** A page that does not read is dropped before it costs memory; its browser connects again by itself. */
const BUFFERED_MAX = 1024 * 1024

/** Server-sent events with a history: a page that joins late gets what it missed. */
export class Feed {
  readonly #history: string[] = []
  readonly #listeners = new Set<ServerResponse>()
  #nextId = 1

  /** `keep`: pages that come later get it too. */
  publish(event: string, data: unknown, keep: boolean): void {
    const text = `id: ${this.#nextId++}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    if (keep) {
      this.#history.push(text)
      if (this.#history.length > HISTORY_MAX) this.#history.shift()
    }
    for (const listener of this.#listeners) {
      if (listener.writableLength > BUFFERED_MAX) listener.destroy()
      else listener.write(text)
    }
  }

  /** Takes over a response and holds it open. */
  join(response: ServerResponse): void {
    if (this.#listeners.size >= LISTENERS_MAX) {
      response.writeHead(503, { 'retry-after': '5' }).end('too many pages are open')
      return
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      connection: 'keep-alive',
    })
    response.write(`retry: 1000\nevent: reset\ndata: {}\n\n${this.#history.join('')}`)
    this.#listeners.add(response)
    response.once('close', () => this.#listeners.delete(response))
  }

  close(): void {
    for (const listener of this.#listeners) listener.end()
  }
}
