import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { type ClientOptions, Producer } from '@rockhopper/client'
import { type Cancel, createNodeEnv, type Env } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { lineId } from './line-id.js'
import { logMessages } from './log-batch.js'
import { type LogLine, lineOf } from './log-line.js'

export interface LogShipperOptions {
  readonly namesrvAddr: string
  /** Speak TLS to name servers and brokers; PEM texts, `{}` takes every default. Default: plain text. */
  readonly tls?: ClientOptions['tls']
  /** Access key and secret, for a cluster that asks who calls. */
  readonly acl?: ClientOptions['acl']
  /** Name of the service in every line that names none. */
  readonly service: string
  /** Default `log_topic`. */
  readonly topic?: string
  /** Who writes; part of every line's id. Default the host's name. */
  readonly source?: string
  /** Default `log-transport`. */
  readonly producerGroup?: string
  /** Lines that wait at most, in memory; beyond them the oldest are dropped and counted. Default 10,000. */
  readonly linesMax?: number
  /** How long a line waits for others to travel with. Default 500 ms. */
  readonly lingerMs?: number
  /** Pause after a failed send. Default 1000 ms. */
  readonly retryMs?: number
  readonly env?: Env
}

const LINES_PER_SEND = 1_000
const CLOSE_TIMEOUT_MS = 5_000
/** Below this a zlib header costs more than it saves. */
const COMPRESS_FROM = 512

/**
 * Takes lines without ever making the application wait, and sends them in acknowledged, keyed, compressed
 * batches. Logging must not stop a service: while the broker is away lines wait up to `linesMax`, then the
 * oldest go, and the next batch that arrives says how many.
 */
export class LogShipper {
  readonly #env: Env
  readonly #options: LogShipperOptions
  readonly #producer: Producer
  readonly #instance = randomUUID()
  readonly #source: string
  readonly #linesMax: number
  #waiting: LogLine[] = []
  #sequence = 0
  #dropped = 0
  #droppedUntold = 0
  #cancel: Cancel | undefined
  #sending: Promise<boolean> | undefined
  #started: Promise<void> | undefined
  #closed = false

  constructor(options: LogShipperOptions) {
    this.#env = options.env ?? createNodeEnv()
    this.#options = options
    this.#source = options.source ?? hostname()
    this.#linesMax = options.linesMax ?? 10_000
    this.#producer = new Producer({
      namesrvAddr: options.namesrvAddr,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.acl === undefined ? {} : { acl: options.acl }),
      producerGroup: options.producerGroup ?? 'log-transport',
      compressMsgBodyOverHowmuch: COMPRESS_FROM,
      env: this.#env,
    })
  }

  /** Lines given up for want of room since the start. */
  get dropped(): number {
    return this.#dropped
  }

  /** Takes what a logger wrote. Never throws and never waits; what is no line is logged as its text. */
  take(written: unknown): void {
    if (this.#closed) return
    const at = this.#env.clock.now()
    const entry = typeof written === 'object' && written !== null ? written : { message: String(written) }
    this.#add(lineOf(this.#nextId(), { time: at, ...entry }, { service: this.#options.service, at }))
  }

  /** Sends what waits; resolves true when all of it was acknowledged. */
  async flush(): Promise<boolean> {
    this.#cancel?.()
    this.#cancel = undefined
    while (this.#waiting.length > 0 || this.#sending !== undefined) {
      this.#sending ??= this.#send().finally(() => {
        this.#sending = undefined
      })
      if (!(await this.#sending)) return false
    }
    return true
  }

  /** Sends what waits, for at most five seconds, and closes. Lines taken afterwards are ignored. */
  async close(): Promise<void> {
    this.#closed = true
    let cancel: Cancel = () => {}
    const tooLate = new Promise<false>((resolve) => {
      cancel = this.#env.clock.after(CLOSE_TIMEOUT_MS, () => resolve(false))
    })
    const all = await Promise.race([this.flush(), tooLate])
    cancel()
    this.#cancel?.()
    if (!all) this.#env.log.warn('log-transport.lost-at-close', { lines: this.#waiting.length })
    await this.#producer.shutdown({ timeoutMs: 1_000 })
  }

  #nextId(): string {
    const sequence = this.#sequence++
    return lineId({ kind: 'logger', source: this.#source, instance: this.#instance, sequence })
  }

  #add(line: LogLine): void {
    this.#waiting.push(line)
    if (this.#waiting.length > this.#linesMax) {
      this.#waiting.shift()
      this.#dropped++
      this.#droppedUntold++
    }
    if (this.#waiting.length >= LINES_PER_SEND) this.#schedule(0)
    else this.#schedule(this.#options.lingerMs ?? 500)
  }

  #schedule(delayMs: number): void {
    if (this.#cancel !== undefined || this.#sending !== undefined) return
    this.#cancel = this.#env.clock.after(delayMs, () => {
      this.#cancel = undefined
      void this.flush().then((all) => {
        if (!all && !this.#closed) this.#schedule(this.#options.retryMs ?? 1_000)
      })
    })
  }

  /** One round. Lines leave the buffer only after the broker's acknowledgement; a repeat keeps their ids. */
  async #send(): Promise<boolean> {
    const lines = this.#waiting.slice(0, LINES_PER_SEND)
    const told = this.#droppedUntold
    const notice = told === 0 ? [] : [this.#notice(told)]
    const { topic = 'log_topic', service } = this.#options
    const address = { topic, shardingKey: this.#instance, key: service }
    try {
      this.#started ??= this.#producer.start()
      await this.#started
      for (const message of logMessages([...lines, ...notice], address)) await this.#producer.send(message)
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      this.#env.log.warn('log-transport.send-failed', { error: error.message, waiting: this.#waiting.length })
      return false
    }
    // What was dropped for want of room meanwhile is no longer at the front.
    const sent = new Set(lines)
    this.#waiting = this.#waiting.filter((line) => !sent.has(line))
    this.#droppedUntold -= told
    return true
  }

  #notice(count: number): LogLine {
    const { service } = this.#options
    const written = { level: 'warn', message: `${count} log lines were dropped: the broker was away` }
    return lineOf(this.#nextId(), written, { service, at: this.#env.clock.now() })
  }
}
