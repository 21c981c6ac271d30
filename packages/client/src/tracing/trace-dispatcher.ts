import type { Cancel } from '@rockhopper/env'
import { createUniqueIdSource } from '@rockhopper/message'
import type { ClientInstance } from '../client-instance.js'
import { outgoingSingle } from '../producing/outgoing-message.js'
import { Sender } from '../producing/sender.js'
import { settledWithin } from '../wait.js'

/** Apache: AsyncTraceDispatcher. */
const CONTEXTS_MAX = 100
const MESSAGE_SIZE_MAX = 128_000
const WAIT_MS = 500
/** Traces that wait; more are dropped and counted: traces must never hold up messages. */
const WAITING_MAX = 2_048
const FLUSH_MS = 3_000

interface Waiting {
  readonly text: string
  /** What the trace can be found by: message ids and keys. */
  readonly keys: readonly string[]
}

/** Collects traces and sends them as messages of the trace topic, in the background. */
export class TraceDispatcher {
  readonly #instance: ClientInstance
  readonly #sender: Sender
  readonly #topic: string
  readonly #nextId: () => string
  #waiting: Waiting[] = []
  #cancel: Cancel | undefined
  #dropped = 0
  readonly #sending = new Set<Promise<unknown>>()

  constructor(instance: ClientInstance, producerGroup: string, topic: string) {
    this.#instance = instance
    this.#topic = topic
    this.#sender = new Sender(instance, { producerGroup, untraced: true })
    this.#nextId = createUniqueIdSource(instance.env)
  }

  add(text: string, keys: readonly string[]): void {
    if (this.#waiting.length >= WAITING_MAX) {
      this.#dropped++
      return
    }
    this.#waiting.push({ text, keys })
    if (this.#waiting.length >= CONTEXTS_MAX) this.#sendAll()
    else this.#cancel ??= this.#instance.env.clock.after(WAIT_MS, () => this.#sendAll())
  }

  /** Sends what waits; gives up after 3 s. Never rejects. */
  async flush(): Promise<void> {
    this.#sendAll()
    await settledWithin(this.#instance.env.clock, Promise.allSettled([...this.#sending]), FLUSH_MS)
  }

  #sendAll(): void {
    this.#cancel?.()
    this.#cancel = undefined
    // While the broker is slow the queue fills and drops: the sends under way are bounded too.
    if (this.#sending.size * CONTEXTS_MAX >= WAITING_MAX) {
      this.#cancel = this.#instance.env.clock.after(WAIT_MS, () => this.#sendAll())
      return
    }
    const all = this.#waiting
    this.#waiting = []
    for (let from = 0; from < all.length; ) {
      let size = 0
      let to = from
      while (to < all.length && to - from < CONTEXTS_MAX) {
        size += (all[to] as Waiting).text.length
        if (size > MESSAGE_SIZE_MAX && to > from) break
        to++
      }
      this.#send(all.slice(from, to))
      from = to
    }
  }

  #send(part: readonly Waiting[]): void {
    const { log } = this.#instance.env
    const keys = [...new Set(part.flatMap((waiting) => waiting.keys))]
    const message = { topic: this.#topic, body: part.map((waiting) => waiting.text).join(''), keys }
    const sending = Promise.resolve()
      .then(() => this.#sender.send(outgoingSingle(message, this.#nextId, SIZES), {}))
      .then(
        () => {},
        (error: unknown) => log.warn('client.trace.lost', { traces: part.length, topic: this.#topic, error }),
      )
      .finally(() => this.#sending.delete(sending))
    this.#sending.add(sending)
    if (this.#dropped > 0) log.warn('client.trace.dropped', { traces: this.#dropped })
    this.#dropped = 0
  }
}

const SIZES = { maxMessageSize: 4 * 1024 * 1024 }
