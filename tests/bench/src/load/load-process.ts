import { connect, type Socket } from 'node:net'
import { Latencies } from './latencies.js'
import type { LoadResult, LoadTask } from './load-task.js'
import { ReplyReader } from './reply-reader.js'
import { OPAQUE_BASE, type RequestTemplate } from './request-template.js'
import { templatesOf } from './templates.js'

/** Slots per connection: an opaque tells connection and slot. */
const SLOTS = 4096
/** With a rate: how often requests leave, and what may wait for the socket. */
const PACE_MS = 5
const PACED_BYTES_MAX = 16 * 1024 * 1024

/**
 * The generator, a process of its own: a closed loop of raw frames over sockets. Each answer makes the next
 * request of its connection; requests that one chunk of answers makes leave in one write.
 */
class Generator {
  readonly #task: LoadTask
  readonly #templates: readonly RequestTemplate[]
  readonly #latencies = new Latencies()
  readonly #startedAt: Float64Array
  readonly #problems = new Map<string, number>()
  #messages = 0
  #errors = 0
  #next = 0

  constructor(task: LoadTask) {
    this.#task = task
    this.#templates = templatesOf(task)
    this.#startedAt = new Float64Array(task.connections * SLOTS)
  }

  async run(): Promise<LoadResult> {
    const { connections, inFlight, warmUpMs, measureMs } = this.#task
    const perConnection = Math.max(1, Math.floor(inFlight / connections))
    for (let i = 0; i < connections; i++) await this.#open(i, perConnection)
    await new Promise((resolve) => setTimeout(resolve, warmUpMs))
    this.#latencies.clear()
    this.#messages = this.#errors = 0
    const cpu = process.cpuUsage()
    const began = performance.now()
    process.stdout.write('measuring\n')
    await new Promise((resolve) => setTimeout(resolve, measureMs))
    const seconds = (performance.now() - began) / 1_000
    const used = process.cpuUsage(cpu)
    const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => this.#latencies.percentile(share))
    return {
      requests: this.#latencies.count,
      messages: this.#messages,
      errors: this.#errors,
      problem: [...this.#problems.keys()][0] ?? '',
      seconds,
      cpuUs: used.user + used.system,
      p50Us: p50 ?? 0,
      p99Us: p99 ?? 0,
      p999Us: p999 ?? 0,
    }
  }

  #open(index: number, inFlight: number): Promise<void> {
    const { host, port } = this.#task
    const base = OPAQUE_BASE + index * SLOTS
    const freed: number[] = []
    const reader = new ReplyReader((opaque, ok, frame) => {
      this.#answered(opaque - OPAQUE_BASE, ok, frame)
      freed.push(opaque)
    })
    return new Promise((resolve, reject) => {
      const socket = connect({
        host,
        port,
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafeSlow(256 * 1024),
          callback: (size, buffer) => {
            reader.push((buffer as Buffer).subarray(0, size))
            if (freed.length > 0 && this.#task.rate === undefined) socket.write(this.#frames(freed))
            freed.length = 0
            return true
          },
        },
      })
      socket.once('error', reject)
      socket.once('close', () => {
        process.stderr.write('the server closed a connection\n')
        process.exit(1)
      })
      socket.once('connect', () => {
        if (this.#task.rate === undefined)
          socket.write(this.#frames(Array.from({ length: inFlight }, (_, slot) => base + slot)))
        else this.#pace(socket, base, this.#task.rate / this.#task.connections)
        resolve()
      })
    })
  }

  /** Sends at a rate; answers that do not come hold nothing up. */
  #pace(socket: Socket, base: number, perSecond: number): void {
    let sent = 0
    const began = performance.now()
    setInterval(() => {
      const due = Math.floor(((performance.now() - began) / 1_000) * perSecond) - sent
      const count = Math.min(due, SLOTS)
      if (count <= 0 || socket.writableLength > PACED_BYTES_MAX) return
      socket.write(this.#frames(Array.from({ length: count }, (_, i) => base + ((sent + i) % SLOTS))))
      sent += count
    }, PACE_MS)
  }

  /** One buffer with a request for each opaque. */
  #frames(opaques: readonly number[]): Buffer {
    const sizeMax = Math.max(...this.#templates.map(({ size }) => size))
    const bytes = Buffer.allocUnsafe(opaques.length * sizeMax)
    const now = performance.now()
    let at = 0
    for (const opaque of opaques) {
      const number = this.#next++
      const template = this.#templates[number % this.#templates.length] as RequestTemplate
      this.#startedAt[opaque - OPAQUE_BASE] = now
      const round = Math.floor(number / this.#templates.length)
      at = template.write(bytes, at, opaque, this.#task.kind === 'pull' ? this.#pullOffset(round) : number)
    }
    return bytes.subarray(0, at)
  }

  /** Batches of 32 through the backlog of a queue, and from its beginning again. */
  #pullOffset(round: number): number {
    const { backlog = 0, backlogFrom = 0 } = this.#task
    return backlogFrom + ((round * 32) % Math.max(32, backlog - (backlog % 32)))
  }

  #answered(slot: number, ok: boolean, frame: Buffer): void {
    this.#latencies.add((performance.now() - (this.#startedAt[slot] as number)) * 1_000)
    if (this.#task.kind === 'echo') this.#messages++
    else if (!ok) {
      this.#errors++
      const headerEnd = 8 + (frame.readInt32BE(4) & 0xff_ffff)
      if (this.#problems.size === 0) this.#problems.set(frame.toString('utf8', 8, headerEnd), 1)
    } else if (this.#task.kind === 'send') this.#messages++
    else this.#messages += recordCount(frame)
  }
}

/** Records begin with their size; a pull's body is nothing but records. */
function recordCount(frame: Buffer): number {
  let count = 0
  for (let at = 8 + (frame.readInt32BE(4) & 0xff_ffff); at < frame.length; at += frame.readInt32BE(at))
    count++
  return count
}

const result = await new Generator(JSON.parse(process.argv[2] ?? '{}') as LoadTask).run()
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exit(0)
